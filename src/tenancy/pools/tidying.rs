//! The one background task of the pools: it closes connections that nobody needs any more.

use std::sync::{Arc, Weak};

use tokio::time::sleep_until;

use super::Shared;
use crate::task::Task;

/// Begins, with the first connection: pools that serve nobody have no task.
pub(super) fn start(shared: &Arc<Shared>) -> Task {
    Task::start(tidy(Arc::downgrade(shared)))
}

async fn tidy(shared: Weak<Shared>) {
    while let Some(shared) = shared.upgrade() {
        let next = shared.close_idle();
        drop(shared);
        sleep_until(next).await;
    }
}
