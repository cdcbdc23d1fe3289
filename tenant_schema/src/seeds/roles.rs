//! The roles that come with a tenant, and what each grants.

use serde_json::{Value, json};
use uuid::Uuid;

use super::permissions;
use crate::identity::NewRole;

/// A role that comes with a tenant.
struct SeedRole {
    name: &'static str,
    priority: i32,
    description: &'static str,
    /// Whether who has it works in office hours.
    keeps_office_hours: bool,
    /// Names of permissions; `*.read` stands for the `read` of each resource.
    grants: &'static [&'static str],
}

const ROLES: &[SeedRole] = &[
    SeedRole {
        name: "admin",
        priority: 100,
        description: "Does everything in the tenant",
        keeps_office_hours: false,
        grants: &["*"],
    },
    SeedRole {
        name: "manager",
        priority: 80,
        description: "Leads people and their work",
        keeps_office_hours: false,
        grants: &[
            "activity.read",
            "analytics.*",
            "attachments.*",
            "attendance.*",
            "calls.*",
            "carbon_footprints.*",
            "channels.read",
            "departments.read",
            "directory.read",
            "employees.*",
            "events.*",
            "features.read",
            "leave_requests.*",
            "notes.*",
            "notifications.*",
            "permissions.read",
            "reviews.*",
            "roles.read",
            "settings.read",
            "shifts.*",
            "tags.*",
            "tasks.*",
            "teams.*",
            "users.read",
            "users.update",
        ],
    },
    SeedRole {
        name: "developer",
        priority: 60,
        description: "Works on the tasks assigned to them",
        keeps_office_hours: true,
        grants: &[
            "activity.read",
            "analytics.read",
            "attachments.*",
            "attendance.create",
            "attendance.read",
            "calls.*",
            "departments.read",
            "directory.read",
            "employees.read",
            "events.*",
            "features.read",
            "leave_requests.create",
            "leave_requests.read",
            "leave_requests.update",
            "notes.*",
            "notifications.*",
            "reviews.create",
            "reviews.read",
            "shifts.read",
            "tags.read",
            "tasks.read",
            "tasks.update",
            "teams.read",
            "users.read",
        ],
    },
    SeedRole {
        name: "auditor",
        priority: 50,
        description: "Reads everything and changes nothing",
        keeps_office_hours: false,
        grants: &["*.read", "*.read_all", "*.read_team", "audit.export"],
    },
    SeedRole {
        name: "employee",
        priority: 40,
        description: "Works in the tenant and keeps their own records",
        keeps_office_hours: false,
        grants: &[
            "attachments.create",
            "attachments.read",
            "attendance.create",
            "attendance.read",
            "departments.read",
            "directory.read",
            "employees.read",
            "events.read",
            "leave_requests.create",
            "leave_requests.read",
            "leave_requests.update",
            "notes.create",
            "notes.read",
            "notes.update",
            "notifications.*",
            "shifts.read",
            "tags.read",
            "tasks.read",
            "tasks.update",
            "teams.read",
            "users.read",
        ],
    },
    SeedRole {
        name: "user",
        priority: 30,
        description: "Signs in and keeps notes",
        keeps_office_hours: false,
        grants: &[
            "attachments.read",
            "events.read",
            "notes.create",
            "notes.read",
            "notes.update",
            "notifications.*",
            "tasks.read",
        ],
    },
    SeedRole {
        name: "viewer",
        priority: 10,
        description: "Reads the records that people work on",
        keeps_office_hours: false,
        grants: &[
            "activity.read",
            "attachments.read",
            "calls.read",
            "carbon_footprints.read",
            "departments.read",
            "employees.read",
            "events.read",
            "notes.read",
            "notifications.read",
            "reviews.read",
            "shifts.read",
            "tags.read",
            "tasks.read",
            "teams.read",
            "users.read",
        ],
    },
];

/// Every role, ready to be inserted.
pub(super) fn all() -> Vec<NewRole> {
    let roles = ROLES.iter().map(|role| NewRole {
        id: Uuid::now_v7(),
        name: role.name.to_owned(),
        description: Some(role.description.to_owned()),
        priority: role.priority,
        is_system: true,
        working_hours: role.keeps_office_hours.then(office_hours),
    });
    roles.collect()
}

/// Nine to six from Monday to Friday.
fn office_hours() -> Value {
    json!({ "days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00" })
}

/// Names of the permissions that the role of this name starts with; none for a role of the tenant's own.
pub(super) fn grants_of(name: &str) -> Vec<String> {
    let role = ROLES.iter().find(|role| role.name == name);
    let grants = role.map_or(&[][..], |role| role.grants);
    let names = grants
        .iter()
        .flat_map(|grant| match grant.strip_prefix("*.") {
            Some(action) => permissions::names_of_action(action).collect(),
            None => vec![(*grant).to_owned()],
        });
    names.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_grant_is_a_permission() {
        let known: BTreeSet<String> = permissions::all().into_iter().map(|p| p.name).collect();
        for role in ROLES {
            for grant in grants_of(role.name) {
                assert!(known.contains(&grant), "{} grants {grant}", role.name);
            }
        }
    }

    #[test]
    fn a_reader_can_change_nothing() {
        for role in ["auditor", "viewer"] {
            for grant in grants_of(role) {
                let (_, action) = grant.split_once('.').unwrap();
                assert!(
                    action.starts_with("read") || action == "export",
                    "{role} grants {grant}"
                );
            }
        }
    }

    #[test]
    fn a_role_of_the_tenants_own_is_granted_nothing() {
        assert!(grants_of("gardener").is_empty());
    }
}
