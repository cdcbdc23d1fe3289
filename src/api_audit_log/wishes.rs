//! Which tenants want their calls logged, remembered for as long as no change of their settings is heard of.

use std::time::Duration;

use moka::sync::Cache;
use platform_schema::TenantId;

use crate::tenancy::Changes;
use crate::tenancy::changes::{Moment, Subject};

/// How long it is remembered at most, though no change was announced: somebody may have changed it by hand.
const LONGEST: Duration = Duration::from_mins(1);

/// Tenants remembered at most.
const CAPACITY: u64 = 100_000;

/// The memory. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Wishes {
    known: Cache<TenantId, (bool, Moment)>,
    changes: Changes,
}

impl Wishes {
    pub(super) fn new(changes: Changes) -> Self {
        let known = Cache::builder().max_capacity(CAPACITY);
        Self {
            known: known.time_to_live(LONGEST).build(),
            changes,
        }
    }

    /// Whether a tenant wants its calls logged, or it is not known that it does not.
    pub(super) fn may_want(&self, tenant: &TenantId) -> bool {
        let known = self.known.get(tenant);
        let known = known.filter(|(_, moment)| self.changes.is_current(*moment));
        known.is_none_or(|(is_wanted, _)| is_wanted)
    }

    /// How things stand before the tenant's settings are read.
    pub(super) fn moment(&self, tenant: &TenantId) -> Option<Moment> {
        self.changes.moment(Subject::Settings(tenant))
    }

    /// Remembers what was read at that moment.
    pub(super) fn remember(&self, tenant: &TenantId, is_wanted: bool, moment: Option<Moment>) {
        if let Some(moment) = moment {
            self.known.insert(tenant.clone(), (is_wanted, moment));
        }
    }
}
