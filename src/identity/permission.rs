//! What a user may do, and why: the permissions and the decision, pure and without a database.

mod decision;
mod grants;
mod passing_on;
pub mod plain;
mod rules;

use std::collections::HashSet;
use std::sync::LazyLock;

use tenant_schema::seeds;

pub use self::decision::{Decision, Denial, Grant};
pub use self::grants::Grants;

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
    /// See what is done in the tenant, of the records that one may read.
    ActivityRead = "activity.read",
    /// See one's API keys.
    ApiKeysRead = "api_keys.read",
    /// Make API keys.
    ApiKeysCreate = "api_keys.create",
    /// Rotate API keys.
    ApiKeysUpdate = "api_keys.update",
    /// Revoke API keys.
    ApiKeysDelete = "api_keys.delete",
    /// See what was done in the tenant, by whom and from where.
    AuditRead = "audit.read",
    /// Take the audit log away as a file.
    AuditExport = "audit.export",
    /// See attachments and read what is in them.
    AttachmentsRead = "attachments.read",
    /// Attach files to records.
    AttachmentsCreate = "attachments.create",
    /// Change attachments, and add versions to them.
    AttachmentsUpdate = "attachments.update",
    /// Delete attachments, and restore deleted ones.
    AttachmentsDelete = "attachments.delete",
    /// See the permissions that there are, and what is granted and denied to a user.
    PermissionsRead = "permissions.read",
    /// Grant and deny permissions to users.
    PermissionsAssign = "permissions.assign",
    /// See the roles of the tenant and what they grant.
    RolesRead = "roles.read",
    /// Make roles.
    RolesCreate = "roles.create",
    /// Change roles and what they grant.
    RolesUpdate = "roles.update",
    /// Delete roles, and restore deleted ones.
    RolesDelete = "roles.delete",
    /// Give roles to users.
    RolesAssign = "roles.assign",
    /// End the sessions of others.
    SessionsDelete = "sessions.delete",
    /// See the teams of the tenant.
    TeamsRead = "teams.read",
    /// Make teams.
    TeamsCreate = "teams.create",
    /// Change teams and who belongs to them.
    TeamsUpdate = "teams.update",
    /// Delete teams, and restore deleted ones.
    TeamsDelete = "teams.delete",
    /// See the users of the tenant.
    UsersRead = "users.read",
    /// Make users.
    UsersCreate = "users.create",
    /// Change users.
    UsersUpdate = "users.update",
    /// Delete users.
    UsersDelete = "users.delete",
    /// Add users out of a table.
    UsersImport = "users.import",
    /// Restore deleted users.
    UsersRestore = "users.restore",
    /// See the tenant's feature flags, and whether one is on for oneself.
    FeaturesRead = "features.read",
    /// Make and set feature flags.
    FeaturesUpdate = "features.update",
    /// Make settings of the tenant's own.
    SettingsCreate = "settings.create",
    /// Delete settings of the tenant's own; bring others back to their defaults.
    SettingsDelete = "settings.delete",
    /// See the tenant's settings.
    SettingsRead = "settings.read",
    /// Change the tenant's settings.
    SettingsUpdate = "settings.update",
}

/// The names of all permissions, without wildcards.
static KNOWN: LazyLock<HashSet<String>> = LazyLock::new(|| seeds::permission_names().collect());

/// Whether there is a permission of this name. A wildcard is none.
pub fn is_permission(name: &str) -> bool {
    KNOWN.contains(name)
}

/// Whether the text names a permission that there is, or a wildcard over some.
pub fn is_known(text: &str) -> bool {
    let covers =
        |name: &String| rules::covering_keys(name).any(|key| rules::key(text) == Some(key));
    KNOWN.iter().any(covers)
}

/// Whether one of the scopes, names of permissions or wildcards, covers the permission or all of the wildcard.
pub fn covers(scopes: &[String], pattern: &str) -> bool {
    rules::key(pattern).is_some_and(|key| {
        let mut keys = rules::covering_keys(key);
        keys.any(|key| scopes.iter().any(|scope| rules::key(scope) == Some(key)))
    })
}

#[cfg(test)]
mod tests;
