//! What the pools count: a few atomic numbers, read without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the wait histogram's classes, in microseconds; above the last one is one class more.
pub(super) const WAIT_BOUNDS: [u64; 12] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000,
];

/// A number that only grows, or one that goes up and down.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// Adds one.
    pub(super) fn up(&self) {
        self.add(1);
    }

    /// Takes one away.
    pub(super) fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Adds `amount`.
    pub(super) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// The number now.
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// It was old.
    Age,
    /// Its backend had touched many schemas.
    Schemas,
    /// The server closed it, or it could not be bound.
    Lost,
    /// It was left in the middle of a statement or a transaction, or panicked on.
    Dirty,
    /// Nobody had used it for long.
    Idle,
    /// There was no room for one of another login role.
    LoginRole,
}

/// What happened since the pools were made.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Connections being opened now.
    pub(super) opening: Count,
    /// Connections lent now.
    pub(super) lent: Count,
    /// Connections opened.
    pub(super) opened: Count,
    /// Leases served by a connection that was bound as asked.
    pub(super) hits: Count,
    /// Connections bound for the first time.
    pub(super) binds: Count,
    /// Connections bound anew.
    pub(super) rebinds: Count,
    /// Leases that were refused after the wait.
    pub(super) exhausted: Count,
    /// Leases that waited for a place.
    pub(super) waits: Waits,
    age: Count,
    schemas: Count,
    lost: Count,
    dirty: Count,
    idle: Count,
    login_role: Count,
}

impl Counters {
    /// Connections closed for this reason.
    pub(super) fn closed(&self, reason: CloseReason) -> &Count {
        match reason {
            CloseReason::Age => &self.age,
            CloseReason::Schemas => &self.schemas,
            CloseReason::Lost => &self.lost,
            CloseReason::Dirty => &self.dirty,
            CloseReason::Idle => &self.idle,
            CloseReason::LoginRole => &self.login_role,
        }
    }
}

/// How long leases waited, of those that did.
#[derive(Debug, Default)]
pub(super) struct Waits {
    classes: [Count; WAIT_BOUNDS.len()],
    count: Count,
    micros: Count,
}

impl Waits {
    /// Counts a wait.
    pub(super) fn observe(&self, waited: Duration) {
        let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        let fitting = WAIT_BOUNDS.iter().zip(&self.classes);
        if let Some((_, class)) = fitting.into_iter().find(|(bound, _)| micros <= **bound) {
            class.up();
        }
        self.micros.add(micros);
        self.count.up();
    }

    /// How many waits there were.
    pub(super) fn count(&self) -> u64 {
        self.count.get()
    }

    /// The sum of all waits.
    pub(super) fn sum(&self) -> Duration {
        Duration::from_micros(self.micros.get())
    }

    /// For each bound, how many waits were no longer.
    pub(super) fn cumulated(&self) -> Vec<(Duration, u64)> {
        let classes = WAIT_BOUNDS.iter().zip(&self.classes);
        let sums = classes.scan(0, |sum, (bound, class)| {
            *sum += class.get();
            Some((Duration::from_micros(*bound), *sum))
        });
        sums.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_counts_in_its_class_and_in_all_above() {
        let waits = Waits::default();
        for millis in [1, 3, 3, 700, 60_000] {
            waits.observe(Duration::from_millis(millis));
        }
        let counts: Vec<u64> = waits.cumulated().iter().map(|class| class.1).collect();
        assert_eq!(counts, [1, 1, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4]);
        assert_eq!(waits.count(), 5);
        assert_eq!(waits.sum(), Duration::from_millis(60_707));
    }
}
