//! What a user may do, and why: the permissions and the decision, pure and without a database.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use tenant_schema::identity::Access;
use tenant_schema::seeds;

/// A permission, as a type: a handler that names one in its signature cannot forget to ask for it.
pub trait Permission: 'static {
    /// The name, `<resource>.<action>`.
    const NAME: &'static str;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $permission:ident = $name:literal,)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $permission;

            impl Permission for $permission {
                const NAME: &'static str = $name;
            }
        )+

        /// The names that handlers ask for.
        pub const ALL: &[&str] = &[$($permission::NAME),+];
    };
}

permissions! {
    /// See one's API keys.
    ApiKeysRead = "api_keys.read",
    /// Make API keys.
    ApiKeysCreate = "api_keys.create",
    /// Rotate API keys.
    ApiKeysUpdate = "api_keys.update",
    /// Revoke API keys.
    ApiKeysDelete = "api_keys.delete",
    /// See the users of the tenant.
    UsersRead = "users.read",
    /// Make users.
    UsersCreate = "users.create",
    /// Change users.
    UsersUpdate = "users.update",
    /// Delete users.
    UsersDelete = "users.delete",
    /// Restore deleted users.
    UsersRestore = "users.restore",
    /// See the roles of the tenant and what they grant.
    RolesRead = "roles.read",
    /// Give roles to users.
    RolesAssign = "roles.assign",
}

/// Everything that was granted to a user and denied. Names may be patterns: `users.*`, or `*` for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// What the user's roles grant, with the roles that do.
    by_role: BTreeMap<String, BTreeSet<String>>,
    direct: BTreeSet<String>,
    denials: BTreeSet<String>,
}

/// Whether a user may do something, and by virtue of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The user may.
    Allowed(Grant),
    /// The user may not.
    Denied(Denial),
}

/// By virtue of what a user may do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// A grant to the user.
    Direct {
        /// What was granted: the permission or a pattern.
        granted: String,
    },
    /// A grant to a role of the user.
    Role {
        /// The role, the first by name when several grant it.
        role: String,
        /// What was granted: the permission or a pattern.
        granted: String,
    },
}

/// Why a user may not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// It was denied to the user.
    Explicit {
        /// What was denied: the permission or a pattern.
        denied: String,
    },
    /// Nothing grants it.
    NotGranted,
    /// The scopes of the caller's API key do not cover it.
    OutOfScope,
}

impl Decision {
    /// Whether the user may.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

impl Grants {
    /// Adds what a role of the user grants.
    pub fn grant_by_role(&mut self, role: impl Into<String>, granted: impl Into<String>) {
        self.by_role
            .entry(granted.into())
            .or_default()
            .insert(role.into());
    }

    /// Adds what is granted to the user.
    pub fn grant(&mut self, granted: impl Into<String>) {
        self.direct.insert(granted.into());
    }

    /// Adds what is denied to the user.
    pub fn deny(&mut self, denied: impl Into<String>) {
        self.denials.insert(denied.into());
    }

    /// Everything that was read of a user.
    pub fn of(access: &Access) -> Self {
        let mut grants = Self::default();
        for (role, granted) in &access.role_grants {
            grants.grant_by_role(role, granted);
        }
        for granted in &access.direct_grants {
            grants.grant(granted);
        }
        for denied in &access.denials {
            grants.deny(denied);
        }
        grants
    }

    /// Whether the user may do what the permission of this name stands for.
    ///
    /// A denial outweighs every grant, a narrower one included; then a grant to the user counts, then one to a role.
    pub fn decide(&self, permission: &str) -> Decision {
        if let Some(denied) = matching(permission, |pattern| self.denials.contains(pattern)) {
            return Decision::Denied(Denial::Explicit { denied });
        }
        if let Some(granted) = matching(permission, |pattern| self.direct.contains(pattern)) {
            return Decision::Allowed(Grant::Direct { granted });
        }
        let by_role = patterns(permission).find_map(|pattern| {
            let role = self.by_role.get(pattern.as_ref())?.first()?.clone();
            let granted = pattern.into_owned();
            Some(Grant::Role { role, granted })
        });
        by_role.map_or(Decision::Denied(Denial::NotGranted), Decision::Allowed)
    }

    /// The names of all permissions that the user has, without wildcards.
    pub fn granted(&self) -> Vec<String> {
        seeds::permission_names()
            .filter(|permission| self.decide(permission).is_allowed())
            .collect()
    }
}

/// Whether the text names a permission that there is, or a pattern over some.
pub fn is_known(text: &str) -> bool {
    text == "*"
        || seeds::permission_names().any(|name| patterns(&name).any(|pattern| pattern == text))
}

/// Whether one of the scopes, names of permissions or patterns, covers the permission.
pub fn covers(scopes: &[String], permission: &str) -> bool {
    patterns(permission).any(|pattern| scopes.iter().any(|scope| *scope == pattern))
}

fn matching(permission: &str, contains: impl Fn(&str) -> bool) -> Option<String> {
    patterns(permission)
        .find(|pattern| contains(pattern))
        .map(Cow::into_owned)
}

/// What grants or denies a permission, the narrowest first: `a.b.c`, `a.b.*`, `a.*`, `*`.
fn patterns(permission: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let wildcards = permission
        .rmatch_indices('.')
        .filter_map(|(dot, _)| permission.get(..dot))
        .map(|resource| Cow::Owned(format!("{resource}.*")));
    std::iter::once(Cow::Borrowed(permission))
        .chain(wildcards)
        .chain(std::iter::once(Cow::Borrowed("*")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Rule {
        Role(String, String),
        Direct(String),
        Denial(String),
    }

    fn grants(rules: &[Rule]) -> Grants {
        let mut grants = Grants::default();
        for rule in rules.iter().cloned() {
            match rule {
                Rule::Role(role, granted) => grants.grant_by_role(role, granted),
                Rule::Direct(granted) => grants.grant(granted),
                Rule::Denial(denied) => grants.deny(denied),
            }
        }
        grants
    }

    /// The rules of the contract, as plainly as they can be written.
    fn model(rules: &[Rule], permission: &str) -> bool {
        let covers = |pattern: &str| {
            pattern == "*"
                || pattern == permission
                || pattern
                    .strip_suffix(".*")
                    .is_some_and(|resource| permission.starts_with(&format!("{resource}.")))
        };
        let denied = rules
            .iter()
            .any(|rule| matches!(rule, Rule::Denial(name) if covers(name)));
        let granted = rules
            .iter()
            .any(|rule| matches!(rule, Rule::Role(_, name) | Rule::Direct(name) if covers(name)));
        granted && !denied
    }

    fn name() -> impl Strategy<Value = String> {
        let patterns = [
            "users.read",
            "users.create",
            "users.*",
            "user.read",
            "user.*",
            "roles.read",
            "roles.*",
            "tasks.create",
            "tasks.*",
            "users.read.own",
            "users.read.*",
            "*",
            "users",
            "*.read",
            ".*",
            "users.",
        ];
        prop::sample::select(patterns.map(str::to_owned).to_vec())
    }

    fn rule() -> impl Strategy<Value = Rule> {
        let role = prop::sample::select(vec!["admin".to_owned(), "viewer".to_owned()]);
        prop_oneof![
            3 => (role, name()).prop_map(|(role, name)| Rule::Role(role, name)),
            2 => name().prop_map(Rule::Direct),
            1 => name().prop_map(Rule::Denial),
        ]
    }

    fn rules() -> impl Strategy<Value = Vec<Rule>> {
        prop::collection::vec(rule(), 0..6)
    }

    fn permission() -> impl Strategy<Value = String> {
        let permissions = [
            "users.read",
            "users.create",
            "roles.read",
            "tasks.create",
            "users.read.own",
            "tasks",
        ];
        prop::sample::select(permissions.map(str::to_owned).to_vec())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_decision_is_that_of_the_plain_model(rules in rules(), permission in permission()) {
            let decision = grants(&rules).decide(&permission);
            prop_assert_eq!(decision.is_allowed(), model(&rules, &permission));
        }

        #[test]
        fn the_order_of_grants_and_denials_does_not_matter(
            (rules, shuffled) in rules().prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
            permission in permission(),
        ) {
            prop_assert_eq!(grants(&rules).decide(&permission), grants(&shuffled).decide(&permission));
        }

        #[test]
        fn a_denial_more_never_allows_more(rules in rules(), denied in name(), permission in permission()) {
            let before = grants(&rules);
            let mut after = before.clone();
            after.deny(denied);
            prop_assert!(before.decide(&permission).is_allowed() || !after.decide(&permission).is_allowed());
        }

        #[test]
        fn who_has_nothing_may_nothing(permission in permission()) {
            prop_assert_eq!(Grants::default().decide(&permission), Decision::Denied(Denial::NotGranted));
        }
    }

    #[test]
    fn a_broad_denial_outweighs_a_narrow_grant() {
        let mut grants = Grants::default();
        grants.grant("users.read");
        grants.grant_by_role("admin", "*");
        grants.deny("users.*");
        let denied = "users.*".to_owned();
        assert_eq!(
            grants.decide(UsersRead::NAME),
            Decision::Denied(Denial::Explicit { denied })
        );
        let granted = grants.granted();
        assert!(granted.contains(&RolesRead::NAME.to_owned()));
        assert!(!granted.iter().any(|name| name.starts_with("users.")));
    }

    #[test]
    fn every_permission_that_a_handler_asks_for_exists() {
        let names: Vec<String> = seeds::permission_names().collect();
        assert!(ALL.iter().all(|name| names.contains(&(*name).to_owned())));
    }

    #[test]
    fn a_decision_names_the_narrowest_grant_and_the_user_before_the_role() {
        let mut grants = Grants::default();
        grants.grant_by_role("viewer", "users.read");
        grants.grant_by_role("admin", "users.read");
        grants.grant_by_role("admin", "*");
        let by_role = Grant::Role {
            role: "admin".to_owned(),
            granted: "users.read".to_owned(),
        };
        assert_eq!(grants.decide(UsersRead::NAME), Decision::Allowed(by_role));
        grants.grant("*");
        let direct = Grant::Direct {
            granted: "*".to_owned(),
        };
        assert_eq!(grants.decide(UsersRead::NAME), Decision::Allowed(direct));
    }

    #[test]
    fn a_wildcard_covers_whole_segments_only() {
        let mut grants = Grants::default();
        grants.grant("user.*");
        grants.grant("users");
        grants.grant("*.read");
        assert!(grants.granted().is_empty());
    }
}
