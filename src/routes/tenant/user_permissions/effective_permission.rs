//! What a user may do, each with the reason.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tenant_schema::seeds;
use utoipa::ToSchema;

use crate::identity::permission::{Decision, Denial, Grant, Grants};

/// A permission, and whether and why a user has it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EffectivePermission {
    permission: String,
    allowed: bool,
    reason: Reason,
}

/// What a decision rests on.
#[derive(Debug, Serialize, ToSchema)]
struct Reason {
    kind: ReasonKind,
    /// The role that grants it, the first by name where several do.
    role: Option<String>,
    /// What was granted or denied: the permission, or a wildcard that covers it.
    rule: Option<String>,
    /// When the grant or denial ends by itself.
    valid_until: Option<DateTime<Utc>>,
}

/// A denial outweighs everything, then counts what is granted to the user, then what is granted to their roles.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReasonKind {
    /// It is denied to the user.
    Denied,
    /// It is granted to the user.
    Granted,
    /// It is granted to a role of the user.
    GrantedByRole,
    /// Nothing grants it.
    NotGranted,
}

impl EffectivePermission {
    /// Every permission that there is, in order of name.
    pub(super) fn all(grants: &Grants, at: DateTime<Utc>) -> Vec<Self> {
        let mut names: Vec<String> = seeds::permission_names().collect();
        names.sort_unstable();
        let decided = names.into_iter().map(|permission| {
            let decision = grants.decide(&permission, at);
            Self {
                allowed: decision.is_allowed(),
                reason: Reason::of(decision),
                permission,
            }
        });
        decided.collect()
    }
}

impl Reason {
    fn of(decision: Decision<'_>) -> Self {
        let (kind, role, covered_by, valid_until) = match decision {
            Decision::Denied(Denial::Explicit { denied, until }) => {
                (ReasonKind::Denied, None, Some(denied), until)
            }
            Decision::Denied(Denial::NotGranted | Denial::OutOfScope | Denial::Unknown) => {
                (ReasonKind::NotGranted, None, None, None)
            }
            Decision::Allowed(Grant::Direct { granted, until }) => {
                (ReasonKind::Granted, None, Some(granted), until)
            }
            Decision::Allowed(Grant::Role { role, granted }) => {
                (ReasonKind::GrantedByRole, Some(role), Some(granted), None)
            }
        };
        Self {
            kind,
            role: role.map(str::to_owned),
            rule: covered_by.map(str::to_owned),
            valid_until,
        }
    }
}
