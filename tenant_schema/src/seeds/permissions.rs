//! The permissions: what can be done to each resource, and the wildcards over them.

use uuid::Uuid;

use crate::identity::NewPermission;

const ALL: &[&str] = &["read", "create", "update", "delete"];

/// Resources with their actions. A permission is `<resource>.<action>`.
const RESOURCES: &[(&str, &[&str])] = &[
    ("activity", &["read"]),
    ("analytics", &["read", "read_team"]),
    ("api_keys", ALL),
    ("attachments", ALL),
    (
        "attendance",
        &["read", "create", "update", "read_all", "identify"],
    ),
    ("audit", &["read", "export"]),
    ("calls", ALL),
    ("carbon_footprints", ALL),
    ("channels", ALL),
    ("departments", ALL),
    ("directory", &["read", "sync"]),
    ("employees", ALL),
    ("events", ALL),
    ("face_embeddings", &["read", "create", "delete"]),
    ("features", &["read", "update"]),
    (
        "leave_requests",
        &["read", "create", "update", "delete", "read_all", "approve"],
    ),
    ("notes", ALL),
    ("notifications", &["read", "update"]),
    ("permissions", &["read", "assign"]),
    ("reviews", ALL),
    ("roles", &["read", "create", "update", "delete", "assign"]),
    ("sessions", &["read", "delete"]),
    ("settings", ALL),
    ("shifts", ALL),
    ("tags", ALL),
    (
        "tasks",
        &[
            "read",
            "create",
            "update",
            "delete",
            "read_all",
            "update_all",
        ],
    ),
    ("teams", ALL),
    (
        "users",
        &["read", "create", "update", "delete", "restore", "import"],
    ),
];

/// Every permission, ready to be inserted.
pub(super) fn all() -> Vec<NewPermission> {
    let of_resources = RESOURCES.iter().flat_map(|(resource, actions)| {
        let actions = actions.iter().copied().chain(["*"]);
        actions.map(|action| permission(resource, action))
    });
    of_resources.chain([everything()]).collect()
}

/// Names of all permissions, without the wildcards.
pub(super) fn names() -> impl Iterator<Item = String> {
    RESOURCES.iter().flat_map(|(resource, actions)| {
        actions
            .iter()
            .map(move |action| format!("{resource}.{action}"))
    })
}

/// Names of the permissions with this action, of all resources.
pub(super) fn names_of_action(action: &str) -> impl Iterator<Item = String> {
    RESOURCES
        .iter()
        .filter(move |(_, actions)| actions.contains(&action))
        .map(move |(resource, _)| format!("{resource}.{action}"))
}

fn permission(resource: &str, action: &str) -> NewPermission {
    let object = resource.replace('_', " ");
    let description = match action {
        "*" => format!("everything about {object}"),
        action => format!("{} {object}", action.replace('_', " ")),
    };
    NewPermission {
        id: Uuid::now_v7(),
        name: format!("{resource}.{action}"),
        resource: resource.to_owned(),
        action: action.to_owned(),
        description: Some(description),
    }
}

fn everything() -> NewPermission {
    NewPermission {
        id: Uuid::now_v7(),
        name: "*".to_owned(),
        resource: "*".to_owned(),
        action: "*".to_owned(),
        description: Some("everything".to_owned()),
    }
}
