//! The one background task of the pools: it closes connections that nobody needs any more.

use std::sync::{Arc, Weak};

use tokio::task::AbortHandle;
use tokio::time::sleep_until;

use super::Shared;

/// The task, which ends with the pools.
#[derive(Debug)]
pub(super) struct Tidying(AbortHandle);

impl Tidying {
    /// Starts it. It begins with the first connection: pools that serve nobody have no task.
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
        Self(tokio::task::spawn(tidy(Arc::downgrade(shared))).abort_handle())
    }
}

impl Drop for Tidying {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn tidy(shared: Weak<Shared>) {
    while let Some(shared) = shared.upgrade() {
        let next = shared.close_idle();
        drop(shared);
        sleep_until(next).await;
    }
}
