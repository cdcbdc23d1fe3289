//! What is granted or denied to a user alone, as it is sent and shown.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use serde::{Deserialize, Serialize};
use tenant_schema::identity::{Effect, OwnRule, Permission, Rules};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::ApiError;
use crate::resource::Validation;

/// A permission that a user is granted or denied, whatever their roles.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ruling {
    /// Its name; `users.*` and `*` stand for all that they cover.
    permission: String,
    effect: RulingEffect,
    /// When it ends by itself; without it, it does not.
    valid_until: Option<DateTime<Utc>>,
}

/// Whether a permission is given or withheld. What is denied is denied whatever else grants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RulingEffect {
    /// The user may.
    Grant,
    /// The user may not.
    Deny,
}

impl Ruling {
    /// Those of a user that hold at a time.
    pub(super) fn all(rules: Rules, at: DateTime<Utc>) -> Vec<Self> {
        let own = rules.own.into_iter();
        let own = own.filter(|rule| rule.valid_until.is_none_or(|until| at < until));
        own.map(Self::new).collect()
    }

    fn new(rule: OwnRule) -> Self {
        Self {
            permission: rule.permission,
            effect: match rule.effect {
                Effect::Grant => RulingEffect::Grant,
                Effect::Deny => RulingEffect::Deny,
            },
            valid_until: rule.valid_until,
        }
    }

    /// The same, as the decision takes it.
    pub(super) fn rule(&self) -> OwnRule {
        OwnRule {
            effect: match self.effect {
                RulingEffect::Grant => Effect::Grant,
                RulingEffect::Deny => Effect::Deny,
            },
            permission: self.permission.clone(),
            valid_until: self.valid_until,
        }
    }
}

/// Refuses what names a permission twice, or has ended before it begins. Gives the rest in order of name.
///
/// # Errors
/// `validation_failed` with every fault.
pub(super) fn check(mut rulings: Vec<Ruling>, at: DateTime<Utc>) -> Result<Vec<Ruling>, ApiError> {
    let mut validation = Validation::new();
    let mut seen = HashSet::new();
    for (index, ruling) in rulings.iter().enumerate() {
        let is_new = seen.insert(&ruling.permission);
        validation.require(is_new, &format!("[{index}].permission"), "is given twice");
        let is_ahead = ruling.valid_until.is_none_or(|until| at < until);
        let message = "must be in the future";
        validation.require(is_ahead, &format!("[{index}].valid_until"), message);
    }
    validation.finish()?;
    rulings.sort_unstable_by(|one, other| one.permission.cmp(&other.permission));
    Ok(rulings)
}

/// The ids of the permissions, in their order.
///
/// # Errors
/// `validation_failed` naming those that there are not, or a failure of the database.
pub(super) async fn permission_ids(
    rulings: &[Ruling],
    conn: &TenantConn,
) -> Result<Vec<Uuid>, ApiError> {
    let names: Vec<String> = rulings
        .iter()
        .map(|ruling| ruling.permission.clone())
        .collect();
    let known = Permission::ids_by_name(&names, conn).await?;
    let mut validation = Validation::new();
    for name in &names {
        let message = format!("there is no permission `{name}`");
        validation.require(known.contains_key(name), "permission", &message);
    }
    validation.finish()?;
    Ok(names
        .iter()
        .filter_map(|name| known.get(name))
        .copied()
        .collect())
}
