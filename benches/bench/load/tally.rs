//! What came of a round: how long it took, each answer's latency, and what went wrong, by kind.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::time::sleep_until;

use super::Round;

/// What came of a round, or of one connection's part in it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// How long it took.
    pub(crate) took: Duration,
    /// Microseconds until each right answer.
    pub(crate) latencies: Vec<u32>,
    /// How often each thing other than a right answer happened.
    pub(crate) others: BTreeMap<String, u32>,
}

impl Outcome {
    /// Counts a right answer.
    pub(super) fn answered(&mut self, due: Instant) {
        let micros = u32::try_from(due.elapsed().as_micros());
        self.latencies.push(micros.unwrap_or(u32::MAX));
    }

    /// Counts something else.
    pub(super) fn count(&mut self, kind: impl Into<String>) {
        *self.others.entry(kind.into()).or_default() += 1;
    }

    /// Adds what another connection, or another round, did.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        for (kind, count) in other.others {
            *self.others.entry(kind).or_default() += count;
        }
    }
}

/// Hands the requests of a round out to its connections.
pub(super) struct Tickets {
    round: Round,
    begun: Instant,
    taken: AtomicU32,
}

/// Leave to send one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    /// Which of the round, from 0.
    pub(super) number: u32,
    /// When it is due: latency counts from here, so that requests which wait behind a slow one show it.
    pub(super) due: Instant,
}

impl Tickets {
    /// Begins a round now.
    pub(super) fn begin(round: Round) -> Self {
        Self {
            round,
            begun: Instant::now(),
            taken: AtomicU32::new(0),
        }
    }

    /// The next request, once it is due; nothing when the round is over.
    pub(super) async fn next(&self) -> Option<Ticket> {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        if number >= self.round.requests || self.begun.elapsed() >= self.round.time {
            // Stays where it is, however many connections ask.
            self.taken.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let Some(pace) = self.round.pace else {
            let due = Instant::now();
            return Some(Ticket { number, due });
        };
        let due = self.begun + Duration::from_secs_f64(f64::from(number) / pace);
        if due.duration_since(self.begun) >= self.round.time {
            return None;
        }
        sleep_until(due.into()).await;
        Some(Ticket { number, due })
    }

    /// How long the round has taken.
    pub(super) fn took(&self) -> Duration {
        self.begun.elapsed()
    }
}
