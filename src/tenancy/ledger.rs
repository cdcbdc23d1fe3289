//! The ledger of a request: how the transactions of its leases end, before its answer leaves.
//!
//! Behind a pooler a lease is a transaction, and dropping the lease commits it. That takes a while and can fail, and by then
//! the handler has made its answer. So each lease reports to the ledger of its request, and the answer waits for all of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// How the transactions of one request end. Clones are the same ledger.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Entries>);

#[derive(Debug, Default)]
struct Entries {
    is_over: AtomicBool,
    open: Mutex<Vec<oneshot::Receiver<Result<(), SettleError>>>>,
    after: Mutex<Vec<Afterwards>>,
}

/// Work for the time between the commits and the answer.
struct Afterwards(Box<dyn FnOnce() + Send>);

impl std::fmt::Debug for Afterwards {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("work for afterwards")
    }
}

/// Why what was done in a lease is not kept.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// A statement had failed, and nobody rolled back to before it, or asking for that took too long: PostgreSQL keeps
    /// nothing of such a transaction.
    #[error("the transaction was rolled back, since a statement in it had failed")]
    RolledBack(#[source] diesel::result::Error),
    /// The database refused to commit, or is gone.
    #[error("the transaction was not committed")]
    Refused(#[source] diesel::result::Error),
    /// The lease was left in the middle of a statement or of an inner transaction, so its connection was closed.
    #[error("the transaction was left in the middle of something and was not committed")]
    Left,
}

impl Ledger {
    /// Waits until every lease that has ended so far is settled.
    ///
    /// # Errors
    /// The first failure, in the order in which the leases ended.
    pub async fn settled(&self) -> Result<(), SettleError> {
        let open = std::mem::take(&mut *self.open());
        let mut outcome = Ok(());
        for entry in open {
            let settled = entry.await.unwrap_or(Err(SettleError::Left));
            outcome = outcome.and(settled);
        }
        let after = self.0.after.lock();
        let after = std::mem::take(&mut *after.unwrap_or_else(PoisonError::into_inner));
        for Afterwards(work) in after {
            work();
        }
        outcome
    }

    /// Has `work` done once everything is settled, and before the answer leaves: for memories of what was changed, into which
    /// others may have read the state before the commit.
    pub fn afterwards(&self, work: impl FnOnce() + Send + 'static) {
        let after = self.0.after.lock();
        let mut after = after.unwrap_or_else(PoisonError::into_inner);
        after.push(Afterwards(Box::new(work)));
    }

    /// Says that the request has ended. A lease that ends later, such as those of a cancelled request, commits nothing.
    pub fn close(&self) {
        self.0.is_over.store(true, Ordering::Release);
    }

    /// Whether the request has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_over.load(Ordering::Acquire)
    }

    /// Opens an entry. The request waits until it is filled, or given up.
    pub(super) fn enter(&self) -> oneshot::Sender<Result<(), SettleError>> {
        let (sender, receiver) = oneshot::channel();
        self.open().push(receiver);
        sender
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Vec<oneshot::Receiver<Result<(), SettleError>>>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
