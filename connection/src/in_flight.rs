//! Whether a statement is under way on a connection: one that was cancelled in the middle must not be lent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::{Instrumentation, InstrumentationEvent};

/// Statements sent and not yet answered. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    /// Whether every statement was answered.
    pub fn is_zero(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    /// What `make` gives, a statement that may never be sent: Diesel counts statements when they are made.
    pub(crate) fn unsent<Statement>(&self, make: impl FnOnce() -> Statement) -> Statement {
        let statement = make();
        self.answer();
        statement
    }

    /// Counts one as sent.
    pub(crate) fn send(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts one as answered.
    pub(crate) fn answer(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Instrumentation for InFlight {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => self.send(),
            InstrumentationEvent::FinishQuery { .. } => self.answer(),
            _ => {}
        }
    }
}
