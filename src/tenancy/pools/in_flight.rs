//! Whether a statement is under way on a connection: one that was cancelled in the middle must not be lent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::{Instrumentation, InstrumentationEvent};

/// Statements sent and not yet answered. Clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    /// Whether every statement was answered.
    pub(super) fn is_zero(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

impl Instrumentation for InFlight {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                self.0.fetch_add(1, Ordering::AcqRel);
            }
            InstrumentationEvent::FinishQuery { .. } => {
                self.0.fetch_sub(1, Ordering::AcqRel);
            }
            _ => {}
        }
    }
}
