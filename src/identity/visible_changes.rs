//! What somebody may see of what others do in the tenant: the changes of the records that they may read.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use tenant_schema::seeds;

use super::access_cache::CachedAccess;
use super::permission::{AuditRead, Permission as _};

/// Resources whose `read` is for what is one's own: it shows nothing of others.
const OWN: [&str; 3] = ["api_keys", "notifications", "sessions"];

/// The permission that shows the changes of each resource. Where reading one's own records and reading all are two
/// permissions, it is the latter.
static RESOURCES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut resources = BTreeMap::new();
    for name in seeds::permission_names() {
        let Some((resource, action)) = name.split_once('.') else {
            continue;
        };
        let shows = action == "read_all" || action == "read" && !resources.contains_key(resource);
        if shows && !OWN.contains(&resource) {
            resources.insert(resource.to_owned(), name.clone());
        }
    }
    resources
});

/// The changes that somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VisibleChanges {
    /// All of them: they may read the audit log.
    Everything,
    /// Those of these resources, known by the first word of an action: `users` of `users.update`. What has no permission to be
    /// read, such as logins, is not among them.
    Resources(Vec<String>),
}

impl VisibleChanges {
    /// What a user may see now.
    pub fn of(known: &CachedAccess) -> Self {
        if known.decide(AuditRead::NAME).is_allowed() {
            return Self::Everything;
        }
        let seen = RESOURCES
            .iter()
            .filter(|(_, permission)| known.decide(permission).is_allowed());
        Self::Resources(seen.map(|(resource, _)| resource.clone()).collect())
    }

    /// Whether what was done by this action is among it.
    pub fn includes(&self, action: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Resources(resources) => {
                let resource = action.split('.').next().unwrap_or_default();
                resources.iter().any(|seen| seen == resource)
            }
        }
    }

    /// The resources, where it is not everything.
    pub fn into_resources(self) -> Option<Vec<String>> {
        match self {
            Self::Everything => None,
            Self::Resources(resources) => Some(resources),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_resource_is_shown_by_the_permission_to_read_all_of_it() {
        let shown = |resource: &str| RESOURCES.get(resource).map(String::as_str);
        assert_eq!(shown("users"), Some("users.read"));
        assert_eq!(shown("tasks"), Some("tasks.read_all"));
        assert_eq!(shown("leave_requests"), Some("leave_requests.read_all"));
        for hidden in ["api_keys", "sessions", "auth", "support_access"] {
            assert_eq!(shown(hidden), None, "{hidden}");
        }
    }

    #[test]
    fn an_action_is_seen_by_its_first_word() {
        let visible = VisibleChanges::Resources(vec!["users".to_owned()]);
        assert!(visible.includes("users.update"));
        for other in ["auth.login", "users_of_others.update", "user.update", ""] {
            assert!(!visible.includes(other), "{other}");
        }
        assert!(VisibleChanges::Everything.includes("auth.login"));
    }
}
