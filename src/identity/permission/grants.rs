//! Everything that is granted and denied to a user, and the decision over it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tenant_schema::identity::{self, Effect};
use tenant_schema::seeds;

use super::decision::{Decision, Denial, Grant};
use super::is_permission;
use super::rules::{End, Rules, holds, key, later};

/// Everything that was granted to a user and denied. Names may be wildcards: `users.*`, or `*` for everything.
///
/// A rule that cannot be read grants nothing, or denies everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// What the user's roles grant, with the roles that do.
    pub(super) by_role: Rules<BTreeSet<String>>,
    pub(super) direct: Rules<End>,
    pub(super) denials: Rules<End>,
}

impl Grants {
    /// Adds what a role of the user grants.
    pub fn grant_by_role(&mut self, role: &str, granted: &str) {
        let Some(key) = readable(granted) else { return };
        let roles = BTreeSet::from([role.to_owned()]);
        self.by_role.add(key, granted, roles, |roles, mut others| {
            roles.append(&mut others);
        });
    }

    /// Adds what is granted to the user, until it ends.
    pub fn grant(&mut self, granted: &str, until: Option<DateTime<Utc>>) {
        if let Some(key) = readable(granted) {
            self.direct.add(key, granted, until, later);
        }
    }

    /// Adds what is denied to the user, until it ends.
    pub fn deny(&mut self, denied: &str, until: Option<DateTime<Utc>>) {
        let key = readable(denied).unwrap_or_default();
        self.denials.add(key, denied, until, later);
    }

    /// Everything that was read of a user.
    pub fn of(rules: &identity::Rules) -> Self {
        let mut grants = Self::default();
        for (role, granted) in &rules.by_role {
            grants.grant_by_role(role, granted);
        }
        for rule in &rules.own {
            match rule.effect {
                Effect::Grant => grants.grant(&rule.permission, rule.valid_until),
                Effect::Deny => grants.deny(&rule.permission, rule.valid_until),
            }
        }
        grants
    }

    /// Whether the user may do what the permission of this name stands for, at a time.
    ///
    /// A denial outweighs every grant, a narrower one included; then a grant to the user counts, then one to a role.
    pub fn decide(&self, permission: &str, at: DateTime<Utc>) -> Decision<'_> {
        if !is_permission(permission) {
            return Decision::Denied(Denial::Unknown);
        }
        let is_live = |end: &End| holds(end, at);
        if let Some(rule) = self.denials.covering(permission, is_live) {
            let (denied, until) = (rule.pattern.as_str(), rule.content);
            return Decision::Denied(Denial::Explicit { denied, until });
        }
        if let Some(rule) = self.direct.covering(permission, is_live) {
            let (granted, until) = (rule.pattern.as_str(), rule.content);
            return Decision::Allowed(Grant::Direct { granted, until });
        }
        let by_role = self.by_role.covering(permission, |_| true);
        let by_role = by_role.and_then(|rule| {
            let (role, granted) = (rule.content.first()?, rule.pattern.as_str());
            Some(Grant::Role { role, granted })
        });
        by_role.map_or(Decision::Denied(Denial::NotGranted), Decision::Allowed)
    }

    /// The names of all permissions that the user has at a time, without wildcards.
    pub fn granted(&self, at: DateTime<Utc>) -> Vec<String> {
        seeds::permission_names()
            .filter(|permission| self.decide(permission, at).is_allowed())
            .collect()
    }
}

/// What a rule is found by. One that cannot be read is an error of whoever wrote it into the database by hand.
fn readable(pattern: &str) -> Option<&str> {
    let key = key(pattern);
    if key.is_none() {
        tracing::error!(
            rule = pattern,
            "a rule of a user cannot be read: it grants nothing, or denies everything"
        );
    }
    key
}
