//! News of audit logs: whoever waits for rows of a tenant's log is woken when there may be some.
//!
//! A lease that has added rows says so when its connection comes back, after the commit. Listeners of this process are woken
//! there and then; those of other nodes by a notification that the listening task sends for many changes at once. The
//! transaction itself sends none: PostgreSQL commits transactions that notify one after the other, whichever tenant they are of
//! (`src/backend/commands/async.c`, `PreCommit_Notify`).

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use platform_schema::TenantId;
use tokio::sync::{Notify, watch};

/// Listeners that one tenant has at one process, at most.
const MOST: usize = 100;

/// What there is news of, and who waits for it. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct News(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Tenants that somebody waits for.
    awaited: Mutex<HashMap<TenantId, watch::Sender<()>>>,
    /// Tenants whose news other nodes have not been told.
    untold: Mutex<HashSet<TenantId>>,
    /// There are such.
    telling: Notify,
}

/// A tenant has as many listeners as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tenant has {MOST} listeners at this process, and may have no more")]
pub struct TooManyListeners;

/// Somebody who waits for news of one tenant.
#[derive(Debug)]
pub struct Listener {
    tenant: TenantId,
    receiver: watch::Receiver<()>,
    news: News,
}

impl News {
    /// Waits for news of a tenant from now on.
    ///
    /// # Errors
    /// The tenant has as many listeners as it may have.
    pub fn listen(&self, tenant: &TenantId) -> Result<Listener, TooManyListeners> {
        let mut awaited = held(&self.0.awaited);
        let sender = awaited.entry(tenant.clone()).or_default();
        if sender.receiver_count() >= MOST {
            return Err(TooManyListeners);
        }
        Ok(Listener {
            tenant: tenant.clone(),
            receiver: sender.subscribe(),
            news: self.clone(),
        })
    }

    /// How many wait for news of a tenant at this process.
    pub fn listeners(&self, tenant: &TenantId) -> usize {
        let awaited = held(&self.0.awaited);
        awaited.get(tenant).map_or(0, watch::Sender::receiver_count)
    }

    /// This process has added rows to the tenant's log.
    pub(super) fn recorded(&self, tenant: &TenantId) {
        self.wake(tenant);
        held(&self.0.untold).insert(tenant.clone());
        self.0.telling.notify_one();
    }

    /// Somebody has added rows to the tenant's log.
    pub(super) fn wake(&self, tenant: &TenantId) {
        if let Some(sender) = held(&self.0.awaited).get(tenant) {
            sender.send_replace(());
        }
    }

    /// Somebody may have added rows to any log.
    pub(super) fn wake_all(&self) {
        for sender in held(&self.0.awaited).values() {
            sender.send_replace(());
        }
    }

    /// Waits until there is something that other nodes have not been told. For one task.
    pub(super) async fn something_untold(&self) {
        self.0.telling.notified().await;
    }

    /// The tenants whose news other nodes are to be told; they count as told from now on.
    pub(super) fn take_untold(&self) -> HashSet<TenantId> {
        std::mem::take(&mut held(&self.0.untold))
    }
}

impl Listener {
    /// Waits until there may be rows that came since the last time.
    pub async fn news(&mut self) {
        if self.receiver.changed().await.is_err() {
            // The sender stays as long as somebody listens.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut awaited = held(&self.news.0.awaited);
        let is_last = awaited
            .get(&self.tenant)
            .is_some_and(|sender| sender.receiver_count() <= 1);
        if is_last {
            awaited.remove(&self.tenant);
        }
    }
}

fn held<Value>(mutex: &Mutex<Value>) -> MutexGuard<'_, Value> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn tenant(name: &str) -> TenantId {
        name.parse().unwrap()
    }

    #[test]
    fn each_is_woken_for_their_own_tenant_and_for_what_came_before_they_looked() {
        let news = News::default();
        let (ours, other) = (tenant("0123456789ab"), tenant("0123456789ac"));
        let mut listener = news.listen(&ours).unwrap();
        news.recorded(&other);
        assert_eq!(listener.news().now_or_never(), None);
        news.recorded(&ours);
        news.recorded(&ours);
        assert_eq!(listener.news().now_or_never(), Some(()));
        assert_eq!(listener.news().now_or_never(), None);
        news.wake_all();
        assert_eq!(listener.news().now_or_never(), Some(()));
        assert_eq!(news.take_untold(), HashSet::from([ours, other]));
        assert!(news.take_untold().is_empty());
    }

    #[test]
    fn a_tenant_has_no_more_listeners_than_it_may_and_none_is_remembered() {
        let news = News::default();
        let (ours, other) = (tenant("0123456789ab"), tenant("0123456789ac"));
        let mut listeners: Vec<Listener> = (0..MOST).map(|_| news.listen(&ours).unwrap()).collect();
        assert_eq!(news.listen(&ours).unwrap_err(), TooManyListeners);
        news.listen(&other).unwrap();
        listeners.pop();
        listeners.push(news.listen(&ours).unwrap());
        assert_eq!(news.listeners(&ours), MOST);
        drop(listeners);
        assert!(held(&news.0.awaited).is_empty());
    }
}
