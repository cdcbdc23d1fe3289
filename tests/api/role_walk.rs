//! Every operation of a tenant, called by each role that comes with one and by a key without scopes for it (rule 38).

use reqwest::Method;
use serde_json::json;
use test_app::{Caller, PASSWORD, TestApp};

use crate::operations::Operation;

/// The roles that come with a tenant.
pub(crate) const ROLES: [&str; 7] = [
    "admin",
    "manager",
    "developer",
    "auditor",
    "employee",
    "user",
    "viewer",
];

/// Operations relative to a tenant's mount, and the permission that each takes. What is mounted below `/users` as well is here
/// once.
const PERMISSIONS: &[(&str, &str, &str)] = &[
    ("GET", "/activity", "activity.read"),
    ("GET", "/api-keys", "api_keys.read"),
    ("POST", "/api-keys", "api_keys.create"),
    ("DELETE", "/api-keys/{id}", "api_keys.delete"),
    ("POST", "/api-keys/{id}/rotate", "api_keys.update"),
    ("GET", "/permissions", "permissions.read"),
    ("GET", "/roles", "roles.read"),
    ("POST", "/roles", "roles.create"),
    ("GET", "/roles/{id}", "roles.read"),
    ("PATCH", "/roles/{id}", "roles.update"),
    ("PUT", "/roles/{id}", "roles.update"),
    ("DELETE", "/roles/{id}", "roles.delete"),
    ("POST", "/roles/{id}/restore", "roles.delete"),
    ("GET", "/settings/api-audit-logs", "audit.read"),
    ("GET", "/settings/audit-logs", "audit.read"),
    ("GET", "/settings/audit-logs/export", "audit.export"),
    ("GET", "/settings/audit-logs/platform", "audit.read"),
    ("GET", "/settings/audit-logs/{id}", "audit.read"),
    ("GET", "/settings", "settings.read"),
    ("POST", "/settings", "settings.create"),
    ("GET", "/settings/features", "features.read"),
    ("GET", "/settings/features/{flag}", "features.read"),
    ("PUT", "/settings/features/{flag}", "features.update"),
    ("GET", "/settings/{key}", "settings.read"),
    ("PUT", "/settings/{key}", "settings.update"),
    ("DELETE", "/settings/{key}", "settings.delete"),
    ("GET", "/support-access", "settings.read"),
    ("PUT", "/support-access", "settings.update"),
    ("GET", "/support-access/sessions", "settings.read"),
    ("GET", "/teams", "teams.read"),
    ("POST", "/teams", "teams.create"),
    ("GET", "/teams/{id}", "teams.read"),
    ("PATCH", "/teams/{id}", "teams.update"),
    ("PUT", "/teams/{id}", "teams.update"),
    ("DELETE", "/teams/{id}", "teams.delete"),
    ("POST", "/teams/{id}/restore", "teams.delete"),
    ("GET", "/teams/{id}/members", "teams.read"),
    ("PUT", "/teams/{id}/members", "teams.update"),
    ("GET", "/tools/attachments", "attachments.read"),
    ("POST", "/tools/attachments", "attachments.create"),
    ("GET", "/tools/attachments/{id}", "attachments.read"),
    ("PATCH", "/tools/attachments/{id}", "attachments.update"),
    ("DELETE", "/tools/attachments/{id}", "attachments.delete"),
    (
        "POST",
        "/tools/attachments/{id}/restore",
        "attachments.delete",
    ),
    ("GET", "/tools/attachments/{id}/content", "attachments.read"),
    ("POST", "/tools/attachments/{id}/links", "attachments.read"),
    (
        "GET",
        "/tools/attachments/{id}/versions",
        "attachments.read",
    ),
    (
        "POST",
        "/tools/attachments/{id}/versions",
        "attachments.update",
    ),
    (
        "GET",
        "/tools/attachments/{id}/versions/{number}/content",
        "attachments.read",
    ),
    ("GET", "/users", "users.read"),
    ("POST", "/users", "users.create"),
    ("POST", "/users/import", "users.import"),
    ("DELETE", "/users/sessions", "sessions.delete"),
    ("GET", "/users/{id}", "users.read"),
    ("PATCH", "/users/{id}", "users.update"),
    ("PUT", "/users/{id}", "users.update"),
    ("DELETE", "/users/{id}", "users.delete"),
    (
        "GET",
        "/users/{id}/effective-permissions",
        "permissions.read",
    ),
    ("POST", "/users/{id}/invitation", "users.update"),
    ("GET", "/users/{id}/permissions", "permissions.read"),
    ("PUT", "/users/{id}/permissions", "permissions.assign"),
    ("POST", "/users/{id}/restore", "users.restore"),
    ("GET", "/users/{id}/roles", "roles.read"),
    ("PUT", "/users/{id}/roles", "roles.assign"),
    ("DELETE", "/users/{id}/sessions", "sessions.delete"),
    ("POST", "/users/{id}/unlock", "users.update"),
];

/// Operations that take no more than being signed in.
const SIGNED_IN: &[(&str, &str)] = &[
    ("POST", "/auth/change-email"),
    ("POST", "/auth/change-password"),
    ("POST", "/auth/logout"),
    ("POST", "/auth/logout-all"),
    ("GET", "/auth/me"),
    ("GET", "/auth/test"),
    ("GET", "/auth/sessions"),
    ("DELETE", "/auth/sessions/{id}"),
    ("GET", "/events"),
    ("GET", "/users/me"),
    ("PATCH", "/users/me"),
];

/// The operations of a tenant that ask for a token, each with the permission that it takes, if any. One that is in no table
/// fails the test.
async fn operations(caller: &Caller) -> Vec<(Operation, Option<String>)> {
    let all = Operation::all(caller).await.into_iter();
    let guarded = all.filter(|operation| !operation.is_public());
    guarded
        .filter_map(|operation| {
            let path = operation.path.strip_prefix("/api/v1/tenants/{slug}/")?;
            let permission = match operation.permission() {
                Some(plain) => Some(plain.to_owned()),
                None => permission(&operation.method, &format!("/{path}")).map(str::to_owned),
            };
            Some((operation, permission))
        })
        .collect()
}

fn permission(method: &Method, path: &str) -> Option<&'static str> {
    let below_users = ["/users/roles", "/users/teams", "/users/permissions"];
    let is_below = below_users.iter().any(|mount| path.starts_with(mount));
    let once = path
        .strip_prefix("/users")
        .filter(|_| is_below)
        .unwrap_or(path);
    let found = PERMISSIONS
        .iter()
        .find(|(verb, known, _)| method == verb && *known == once);
    let permission = found.map(|(.., permission)| *permission);
    let is_open = SIGNED_IN
        .iter()
        .any(|(verb, known)| method == verb && *known == once);
    assert!(permission.is_some() != is_open, "{method} {path}");
    permission
}

#[tokio::test]
async fn each_default_role_may_what_its_permissions_say_and_nothing_else() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let operations = operations(&anonymous).await;
    for role in ROLES {
        alice.create_user(&format!("the-{role}"), &[role]).await;
    }
    for role in ROLES {
        let name = format!("the-{role}");
        let me = anonymous.log_in("acme", &name, PASSWORD).await;
        let held = me.get("/auth/me").await.at("/data/permissions");
        let held = held.as_array().unwrap().clone();
        for (operation, permission) in &operations {
            // Some operations end the session.
            let caller = anonymous.log_in("acme", &name, PASSWORD).await;
            let answer = operation.call(&caller).await;
            let may = permission
                .as_ref()
                .is_none_or(|permission| held.contains(&json!(permission)));
            let what = format!("{role}: {} {}", operation.method, operation.path);
            if may {
                assert!(
                    ![401, 403].contains(&answer.status.as_u16()),
                    "{what}: {answer:#?}"
                );
            } else {
                assert_eq!(answer.status, 403, "{what}");
                assert_eq!(answer.code(), "permission_denied", "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_without_a_scope_may_nothing_that_takes_a_permission() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let order = json!({ "name": "robot", "scopes": ["analytics.read"] });
    let key = alice.post("/api-keys", &order).await.expect_status(201);
    let robot = alice.with_token(&key.text_at("/data/key"));
    for (operation, permission) in operations(&anonymous).await {
        let answer = operation.call(&robot).await;
        let what = format!("{} {}", operation.method, operation.path);
        assert_ne!(answer.status, 401, "{what}");
        if permission.is_some() {
            assert_eq!(answer.status, 403, "{what}");
        }
    }
}
