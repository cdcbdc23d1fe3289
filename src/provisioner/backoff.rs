//! Backoff: how long and how often to try for what somebody else holds.

use std::time::{Duration, Instant};

use uuid::Uuid;

/// The first pause.
const FIRST: Duration = Duration::from_millis(50);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(5);

/// Pauses between attempts, each about twice as long as the one before, until a limit is reached.
#[derive(Debug)]
pub(super) struct Backoff {
    begun: Instant,
    limit: Duration,
    pause: Duration,
}

impl Backoff {
    /// Pauses that end after `limit`, from now.
    pub(super) fn of(limit: Duration) -> Self {
        Self {
            begun: Instant::now(),
            limit,
            pause: FIRST,
        }
    }

    /// How long it has lasted.
    pub(super) fn lasted(&self) -> Duration {
        self.begun.elapsed()
    }

    /// How long it took to get to the attempt that is beginning: nothing for the first one.
    pub(super) fn spent(&self) -> Duration {
        if self.pause == FIRST {
            return Duration::ZERO;
        }
        self.lasted()
    }

    /// Pauses, or says `false` at once when the limit is reached.
    pub(super) async fn wait(&mut self) -> bool {
        let left = self.limit.saturating_sub(self.lasted());
        if left.is_zero() {
            return false;
        }
        let pause = jittered(self.pause).min(left);
        self.pause = (self.pause * 2).min(LONGEST);
        tokio::time::sleep(pause).await;
        true
    }
}

/// Between half of a pause and the whole of it, so that those who wait for the same thing do not come back together.
fn jittered(pause: Duration) -> Duration {
    let [byte, ..] = Uuid::new_v4().into_bytes();
    pause / 2 + (pause / 2) * u32::from(byte) / u32::from(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_at_least_half_as_long_as_it_should_be_and_never_longer() {
        for _ in 0..1_000 {
            let pause = jittered(FIRST);
            assert!(pause >= FIRST / 2 && pause <= FIRST, "{pause:?}");
        }
    }

    #[tokio::test]
    async fn patience_without_a_limit_to_speak_of_ends_at_once() {
        assert!(!Backoff::of(Duration::ZERO).wait().await);
    }

    #[tokio::test]
    async fn patience_ends_at_its_limit() {
        let mut backoff = Backoff::of(Duration::from_millis(120));
        while backoff.wait().await {}
        assert!(backoff.lasted() >= Duration::from_millis(120));
    }
}
