//! Where a tenant is in its life, and where it may go from there.

use crate::text_column::text_enum;

text_enum! {
    /// Where a tenant is in its life.
    pub enum TenantStatus {
        /// Registered; nothing is built yet.
        Pending => "pending",
        /// Its schema is being built or repaired.
        Provisioning => "provisioning",
        /// In use.
        Active => "active",
        /// Closed to its users for a while; everything is kept as it is.
        Suspended => "suspended",
        /// Put away, to be brought back by rehydration.
        Archived => "archived",
        /// Deletion was asked for; the grace period runs.
        Deleting => "deleting",
        /// Gone. The row remains, so that the id is never reused.
        Purged => "purged",
        /// Building its schema did not succeed; it can be tried again.
        Failed => "failed",
    }
}

impl TenantStatus {
    /// Whether a tenant of this status may get the status `next`. Staying where it is counts: every transition is
    /// idempotent.
    pub fn may_become(self, next: Self) -> bool {
        use TenantStatus::{
            Active, Archived, Deleting, Failed, Pending, Provisioning, Purged, Suspended,
        };

        let onward = match self {
            Pending | Failed => matches!(next, Provisioning | Deleting),
            Provisioning => matches!(next, Active | Failed | Deleting),
            Active => matches!(next, Suspended | Archived | Deleting),
            Suspended => matches!(next, Active | Archived | Deleting),
            Archived => matches!(next, Active | Deleting),
            // Undelete gives a tenant back the status it had; purge ends it.
            Deleting => true,
            Purged => false,
        };
        onward || self == next
    }

    /// The statuses that may get the status `next`, this one included.
    pub fn that_may_become(next: Self) -> Vec<Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(|status| status.may_become(next))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::TenantStatus::{
        self, Active, Archived, Deleting, Failed, Pending, Provisioning, Purged, Suspended,
    };

    #[test]
    fn every_status_may_stay() {
        assert!(
            TenantStatus::ALL
                .iter()
                .all(|status| status.may_become(*status))
        );
    }

    #[test]
    fn every_spelling_is_read_back() {
        for status in TenantStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    #[test]
    fn an_unknown_status_is_refused_with_the_known_ones() {
        assert_eq!(
            "gone".parse::<TenantStatus>().unwrap_err().to_string(),
            "expected one of `pending`, `provisioning`, `active`, `suspended`, `archived`, `deleting`, `purged`, `failed`",
        );
    }

    #[test]
    fn a_tenant_becomes_active_by_provisioning_resuming_rehydrating_or_undeleting() {
        let before = TenantStatus::that_may_become(Active);
        assert_eq!(
            before,
            [Provisioning, Active, Suspended, Archived, Deleting]
        );
    }

    #[test]
    fn a_tenant_is_provisioned_when_new_failed_or_undeleted() {
        let before = TenantStatus::that_may_become(Provisioning);
        assert_eq!(before, [Pending, Provisioning, Deleting, Failed]);
    }

    #[test]
    fn only_a_tenant_in_its_grace_period_is_purged() {
        assert_eq!(TenantStatus::that_may_become(Purged), [Deleting, Purged]);
    }

    #[test]
    fn nothing_comes_back_from_purged() {
        let after: Vec<_> = TenantStatus::ALL
            .iter()
            .copied()
            .filter(|next| Purged.may_become(*next))
            .collect();
        assert_eq!(after, [Purged]);
    }

    #[test]
    fn anything_but_purged_may_be_deleted() {
        let before = TenantStatus::that_may_become(Deleting);
        assert_eq!(
            before,
            [
                Pending,
                Provisioning,
                Active,
                Suspended,
                Archived,
                Deleting,
                Failed
            ],
        );
    }
}
