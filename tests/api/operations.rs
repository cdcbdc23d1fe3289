//! Every operation that is documented, and what each kind of caller gets (rules 38 and 39). One that is missing from the table
//! fails the test.

mod operation;

use std::collections::BTreeSet;
use std::slice;

use platform_schema::SystemUserRole;
use test_app::{Caller, PASSWORD, TestApp};

pub(crate) use self::operation::Operation;
use crate::plain;

/// Operations that ask for no token.
const PUBLIC: &[&str] = &[
    "GET /",
    "GET /.well-known/jwks.json",
    "GET /health",
    "GET /ready",
    "POST /api/v1/platform/auth/login",
    "POST /api/v1/platform/auth/refresh",
    "POST /api/v1/platform/bootstrap",
    "POST /api/v1/tenants/{slug}/auth/login",
    "POST /api/v1/auth/login",
    "POST /api/v1/tenants/{slug}/auth/refresh",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/tenants/{slug}/auth/register",
    "POST /api/v1/auth/register",
    "POST /api/v1/tenants/{slug}/auth/verify-email",
    "POST /api/v1/auth/verify-email",
    "POST /api/v1/tenants/{slug}/auth/resend-verification",
    "POST /api/v1/auth/resend-verification",
    "POST /api/v1/tenants/{slug}/auth/forgot-password",
    "POST /api/v1/auth/forgot-password",
    "POST /api/v1/tenants/{slug}/auth/reset-password",
    "POST /api/v1/auth/reset-password",
    "GET /api/v1/tenants/{slug}/tools/attachments/links/{link}",
    "GET /api/v1/tools/attachments/links/{link}",
];

/// Operations of a tenant, relative to either mount, and the status that a viewer gets with an empty body.
const TENANT: &[(&str, &str, u16)] = &[
    ("GET", "/activity", 200),
    ("GET", "/api-keys", 403),
    ("POST", "/api-keys", 403),
    ("DELETE", "/api-keys/{id}", 403),
    ("POST", "/api-keys/{id}/rotate", 403),
    ("POST", "/auth/change-email", 422),
    ("POST", "/auth/change-password", 422),
    ("POST", "/auth/logout", 204),
    ("POST", "/auth/logout-all", 204),
    ("GET", "/auth/me", 200),
    ("GET", "/auth/test", 200),
    ("GET", "/auth/sessions", 200),
    ("DELETE", "/auth/sessions/{id}", 404),
    ("GET", "/events", 200),
    ("GET", "/settings/api-audit-logs", 403),
    ("GET", "/settings/audit-logs", 403),
    ("GET", "/settings/audit-logs/export", 403),
    ("GET", "/settings/audit-logs/platform", 403),
    ("GET", "/settings/audit-logs/{id}", 403),
    ("GET", "/settings", 403),
    ("POST", "/settings", 403),
    ("GET", "/settings/features", 403),
    ("GET", "/settings/features/{flag}", 403),
    ("PUT", "/settings/features/{flag}", 403),
    ("GET", "/settings/{key}", 403),
    ("PUT", "/settings/{key}", 403),
    ("DELETE", "/settings/{key}", 403),
    ("GET", "/support-access", 403),
    ("PUT", "/support-access", 403),
    ("GET", "/support-access/sessions", 403),
    ("GET", "/users", 200),
    ("POST", "/users", 403),
    ("POST", "/users/import", 403),
    ("GET", "/users/me", 200),
    ("PATCH", "/users/me", 200),
    ("GET", "/users/{id}", 404),
    ("PATCH", "/users/{id}", 403),
    ("PUT", "/users/{id}", 403),
    ("DELETE", "/users/{id}", 403),
    ("POST", "/users/{id}/invitation", 403),
    ("POST", "/users/{id}/restore", 403),
    ("POST", "/users/{id}/unlock", 403),
    ("GET", "/permissions", 403),
    ("GET", "/roles", 403),
    ("POST", "/roles", 403),
    ("GET", "/roles/{id}", 403),
    ("PATCH", "/roles/{id}", 403),
    ("PUT", "/roles/{id}", 403),
    ("DELETE", "/roles/{id}", 403),
    ("POST", "/roles/{id}/restore", 403),
    ("GET", "/teams", 200),
    ("POST", "/teams", 403),
    ("GET", "/teams/{id}", 404),
    ("PATCH", "/teams/{id}", 403),
    ("PUT", "/teams/{id}", 403),
    ("DELETE", "/teams/{id}", 403),
    ("POST", "/teams/{id}/restore", 403),
    ("GET", "/teams/{id}/members", 404),
    ("PUT", "/teams/{id}/members", 403),
    ("GET", "/tools/attachments", 200),
    ("POST", "/tools/attachments", 403),
    ("GET", "/tools/attachments/{id}", 404),
    ("PATCH", "/tools/attachments/{id}", 403),
    ("DELETE", "/tools/attachments/{id}", 403),
    ("POST", "/tools/attachments/{id}/restore", 403),
    ("GET", "/tools/attachments/{id}/content", 404),
    ("POST", "/tools/attachments/{id}/links", 404),
    ("GET", "/tools/attachments/{id}/versions", 404),
    ("POST", "/tools/attachments/{id}/versions", 403),
    (
        "GET",
        "/tools/attachments/{id}/versions/{number}/content",
        404,
    ),
    ("GET", "/users/permissions", 403),
    ("GET", "/users/roles", 403),
    ("POST", "/users/roles", 403),
    ("GET", "/users/roles/{id}", 403),
    ("PATCH", "/users/roles/{id}", 403),
    ("PUT", "/users/roles/{id}", 403),
    ("DELETE", "/users/roles/{id}", 403),
    ("POST", "/users/roles/{id}/restore", 403),
    ("DELETE", "/users/sessions", 403),
    ("GET", "/users/teams", 200),
    ("POST", "/users/teams", 403),
    ("GET", "/users/teams/{id}", 404),
    ("PATCH", "/users/teams/{id}", 403),
    ("PUT", "/users/teams/{id}", 403),
    ("DELETE", "/users/teams/{id}", 403),
    ("POST", "/users/teams/{id}/restore", 403),
    ("GET", "/users/teams/{id}/members", 404),
    ("PUT", "/users/teams/{id}/members", 403),
    ("GET", "/users/{id}/effective-permissions", 403),
    ("GET", "/users/{id}/permissions", 403),
    ("PUT", "/users/{id}/permissions", 403),
    ("GET", "/users/{id}/roles", 403),
    ("PUT", "/users/{id}/roles", 403),
    ("DELETE", "/users/{id}/sessions", 403),
];

/// What viewers do not see of the plain resources, of which they see the others and change none. Plain resources need no line in
/// the table: their operations say in the document which permission they take.
const UNSEEN_BY_VIEWERS: &[&str] = &["channels.read"];

/// The roles of the platform, in the order of the statuses in [`PLATFORM`].
const PLATFORM_ROLES: [SystemUserRole; 3] = [
    SystemUserRole::SuperAdmin,
    SystemUserRole::Operator,
    SystemUserRole::Support,
];

/// Operations of the platform, and the status that each of its roles gets with an empty body.
const PLATFORM: &[(&str, &str, [u16; 3])] = &[
    (
        "POST",
        "/api/v1/platform/auth/change-password",
        [422, 422, 422],
    ),
    ("POST", "/api/v1/platform/auth/logout", [204, 204, 204]),
    ("POST", "/api/v1/platform/auth/logout-all", [204, 204, 204]),
    ("GET", "/api/v1/platform/auth/me", [200, 200, 200]),
    ("GET", "/api/v1/platform/audit-logs", [200, 200, 200]),
    ("GET", "/api/v1/platform/system-users", [200, 200, 200]),
    ("POST", "/api/v1/platform/system-users", [422, 403, 403]),
    ("GET", "/api/v1/platform/system-users/{id}", [404, 404, 404]),
    (
        "PATCH",
        "/api/v1/platform/system-users/{id}",
        [404, 403, 403],
    ),
    (
        "DELETE",
        "/api/v1/platform/system-users/{id}",
        [404, 403, 403],
    ),
    (
        "POST",
        "/api/v1/platform/system-users/{id}/unlock",
        [404, 403, 403],
    ),
    ("GET", "/api/v1/tenants", [200, 200, 200]),
    ("POST", "/api/v1/tenants", [422, 422, 403]),
    ("GET", "/api/v1/tenants/{tenant}", [200, 200, 200]),
    (
        "POST",
        "/api/v1/tenants/{tenant}/initialize",
        [200, 200, 403],
    ),
    ("POST", "/api/v1/tenants/{tenant}/suspend", [200, 200, 403]),
    ("POST", "/api/v1/tenants/{tenant}/resume", [200, 200, 403]),
    ("POST", "/api/v1/tenants/{tenant}/act-as", [422, 422, 403]),
    ("POST", "/api/v1/auth/initialize-tenant", [200, 200, 403]),
    ("GET", "/api/v1/tenants/{tenant}/schema", [200, 200, 200]),
    ("GET", "/api/v1/tenants/{tenant}/plan", [200, 200, 200]),
    ("POST", "/api/v1/tenants/{tenant}/verify", [200, 200, 200]),
    ("POST", "/api/v1/auth/verify-tenant", [200, 200, 200]),
    ("GET", "/api/v1/fleet/pools", [200, 200, 200]),
    ("GET", "/metrics", [200, 200, 200]),
];

fn both_mounts(method: &str, path: &str) -> [String; 2] {
    [
        format!("{method} /api/v1/tenants/{{slug}}{path}"),
        format!("{method} /api/v1{path}"),
    ]
}

/// Calls every operation of a table, and gives what it answered beside what was expected.
async fn walk(
    operations: &[Operation],
    caller: &Caller,
    expected: impl Fn(&Operation) -> Option<(u16, &'static str)>,
) {
    for operation in operations {
        if let Some((status, code)) = expected(operation) {
            let name = operation.name();
            let answer = operation.call(caller).await;
            assert_eq!(answer.status, status, "{name}: {answer:#?}");
            if !code.is_empty() {
                assert_eq!(answer.code(), code, "{name}");
            }
        }
    }
}

fn tenant_status(operation: &Operation) -> Option<u16> {
    if let Some(permission) = operation.permission() {
        let reads = permission.split('.').next_back() == Some("read");
        let may = reads && !UNSEEN_BY_VIEWERS.contains(&permission);
        return Some(plain::status(operation, may));
    }
    let name = operation.name();
    let found = TENANT
        .iter()
        .find(|(method, path, _)| both_mounts(method, path).contains(&name));
    found.map(|(_, _, status)| *status)
}

fn platform_statuses(operation: &Operation) -> Option<[u16; 3]> {
    let name = operation.name();
    let found = PLATFORM
        .iter()
        .find(|(method, path, _)| format!("{method} {path}") == name);
    found.map(|(.., statuses)| *statuses)
}

#[tokio::test]
async fn every_operation_is_in_the_table() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let mut known: BTreeSet<String> = PUBLIC.iter().map(|&name| name.to_owned()).collect();
    known.extend(
        PLATFORM
            .iter()
            .map(|(method, path, _)| format!("{method} {path}")),
    );
    known.extend(
        TENANT
            .iter()
            .flat_map(|(method, path, _)| both_mounts(method, path)),
    );
    let operations = Operation::all(&anonymous).await;
    let tabled = operations
        .iter()
        .filter(|operation| operation.permission().is_none());
    let documented: BTreeSet<String> = tabled.map(Operation::name).collect();
    assert_eq!(documented, known);
    for operation in &operations {
        let name = operation.name();
        assert_eq!(
            operation.is_public(),
            PUBLIC.contains(&name.as_str()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn without_a_token_there_is_only_what_is_public() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let operations = Operation::all(&anonymous).await;
    let is_public = |operation: &Operation| PUBLIC.contains(&operation.name().as_str());
    walk(&operations, &anonymous, |operation| {
        (!is_public(operation)).then_some((401, "not_authenticated"))
    })
    .await;
    walk(&operations, &anonymous.with_token("garbage"), |operation| {
        (!is_public(operation)).then_some((401, "invalid_token"))
    })
    .await;
    for operation in operations.iter().filter(|operation| operation.is_public()) {
        let answer = operation.call(&anonymous).await;
        assert!(
            // A link that is none is 400.
            [200, 400, 422].contains(&answer.status.as_u16()),
            "{operation:?}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_token_of_another_tenant_opens_nothing() {
    let (app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let operations = Operation::all(&anonymous).await;
    walk(&operations, &mallory, |operation| {
        tenant_status(operation).map(|_| (401, "tenant_mismatch"))
    })
    .await;
    walk(
        &operations,
        &anonymous.with_token(alice.token()),
        |operation| platform_statuses(operation).map(|_| (401, "invalid_token")),
    )
    .await;
    let root = app.platform_admin().await;
    walk(&operations, &root, |operation| {
        tenant_status(operation).map(|_| (401, "invalid_token"))
    })
    .await;
}

#[tokio::test]
async fn a_viewer_may_what_the_table_says() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let operations = Operation::all(&anonymous).await;
    alice.create_user("victor", &["viewer"]).await;
    for operation in &operations {
        // Some operations end the session.
        let victor = anonymous.log_in("acme", "victor", PASSWORD).await;
        walk(slice::from_ref(operation), &victor, |operation| {
            tenant_status(operation).map(|status| (status, ""))
        })
        .await;
    }
}

#[tokio::test]
async fn each_role_of_the_platform_may_what_the_table_says() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let operations = Operation::all(&anonymous).await;
    for (index, role) in PLATFORM_ROLES.into_iter().enumerate() {
        let email = format!("{role}@platform.example");
        app.system_user(&email, role).await;
        for operation in &operations {
            // Some operations end the session.
            let caller = anonymous.log_in_to_platform(&email, PASSWORD).await;
            walk(slice::from_ref(operation), &caller, |operation| {
                platform_statuses(operation).map(|statuses| (statuses[index], ""))
            })
            .await;
        }
    }
}
