//! Answers that leave on a beat: the time they take does not tell what was done, which is more where there is such a user.

use std::time::{Duration, Instant};

use tokio::time::sleep;

/// The beat. What differs takes some milliseconds; under a load that makes it longer, it drowns in the noise of that load.
const BEAT: Duration = Duration::from_millis(100);

/// Does `work`, and waits for the next beat, counted from the beginning. Holds nothing while it waits, if `work` gives back
/// what it was lent.
pub async fn on_the_beat<Done>(work: impl Future<Output = Done>) -> Done {
    let begun = Instant::now();
    let done = work.await;
    sleep(until_the_beat(begun.elapsed())).await;
    done
}

fn until_the_beat(elapsed: Duration) -> Duration {
    let beats = elapsed.div_duration_f64(BEAT).ceil().max(1.0);
    BEAT.mul_f64(beats).saturating_sub(elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_leaves_on_a_beat() {
        for (elapsed, wait) in [(0, 100), (1, 99), (99, 1), (100, 0), (101, 99), (250, 50)] {
            let wait = Duration::from_millis(wait);
            assert_eq!(
                until_the_beat(Duration::from_millis(elapsed)),
                wait,
                "{elapsed}"
            );
        }
    }
}
