//! Growth: while tenants take connections from each other and there is room, one more is opened behind their backs.
//!
//! A lease that binds an idle connection anew is served at once, sooner than by a new one. But every statement on it is
//! planned afresh, and so are those of the tenant who had it and comes back; so there should be as many connections as
//! tenants at work, up to the ceiling. Nobody waits while they are opened.

use std::sync::{Arc, Weak};
use std::time::Duration;

use platform_schema::LoginRoleNumber;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};

use super::lending::Opening;
use super::{Shared, State};
use crate::database::Pooling;
use crate::task::Task;

/// Pause after a connection that could not be opened.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether a connection is being opened in the background.
#[derive(Debug, Default)]
pub(super) struct Growth {
    is_under_way: bool,
    /// None is begun before.
    not_before: Option<Instant>,
    /// The last task, which ends with the pools.
    task: Option<Task>,
}

impl Shared {
    /// Opens one more connection of a login role in the background, unless one is being opened, or there is no room.
    pub(super) fn grow(self: &Arc<Self>, login_role: LoginRoleNumber) {
        if Handle::try_current().is_err() || self.connector.pooling() == Pooling::Transaction {
            return;
        }
        if let Some(place) = self.with_state(|state| self.room(state)) {
            let ending = Ending(Arc::downgrade(self));
            let task = Task::start(open(ending, login_role, place));
            self.with_state(|state| state.growth.task = Some(task));
        }
    }

    /// The place of a connection that may be opened in the background.
    ///
    /// Those that are open, or being opened, are never more than the places taken and the idle ones.
    fn room(&self, state: &mut State) -> Option<OwnedSemaphorePermit> {
        let growth = &mut state.growth;
        let rests = growth.not_before.is_some_and(|end| Instant::now() < end);
        if growth.is_under_way || rests {
            return None;
        }
        let free = self.places.available_permits();
        if free <= state.idle.len() {
            return None;
        }
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        growth.is_under_way = true;
        Some(place)
    }
}

/// Opens one connection for whoever comes first, and gives its place up.
async fn open(ending: Ending, login_role: LoginRoleNumber, _place: OwnedSemaphorePermit) {
    let Some(shared) = ending.0.upgrade() else {
        return;
    };
    let connector = shared.connector.for_login_role(login_role);
    let limit = shared.wait;
    let opening = Opening::of(&shared.counters);
    // The pools need not live for it.
    drop(shared);
    let opened = timeout(limit, connector.connect()).await;
    let opened = opened.unwrap_or_else(|_| Err(connector.silent(limit)));
    drop(opening);
    let Some(shared) = ending.0.upgrade() else {
        return;
    };
    match opened {
        Ok(connection) => {
            let physical = shared.record(connection, login_role);
            shared.with_state(|state| state.idle.add_fresh(physical, Instant::now()));
        }
        Err(error) => {
            tracing::debug!(%error, "no further connection was opened in the background");
            shared.with_state(|state| state.growth.not_before = Some(Instant::now() + PAUSE));
        }
    }
}

/// Notes that the task is over, however it ends.
struct Ending(Weak<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.with_state(|state| state.growth.is_under_way = false);
        }
    }
}
