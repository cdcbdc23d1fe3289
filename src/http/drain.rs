//! The way out: a signal asks to stop, readiness goes first, then the requests in flight end.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::signal::unix::{SignalKind, signal};

/// Whether the server is on its way out; clones share one answer.
#[derive(Clone, Debug, Default)]
pub struct Drain(Arc<AtomicBool>);

impl Drain {
    /// From now on the server is not ready for new clients; cannot be undone.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether [`Drain::begin`] was called.
    pub fn is_draining(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Waits for SIGTERM or SIGINT and returns its name; an error means that signals cannot be watched at all.
pub async fn stop_signal() -> io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    }
}

#[cfg(test)]
mod tests {
    use super::Drain;

    #[test]
    fn clones_leave_together() {
        let drain = Drain::default();
        let clone = drain.clone();
        assert!(!clone.is_draining());
        drain.begin();
        assert!(clone.is_draining());
    }
}
