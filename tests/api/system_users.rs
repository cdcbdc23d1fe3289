//! Who runs the platform: made, listed, changed, deleted (rules 20, 38, 42 and 43).

use futures_util::future::join;
use platform_schema::SystemUserRole;
use reqwest::Method;
use serde_json::{Value, json};
use test_app::{PASSWORD, statuses};

use crate::system_sessions::{Session, with_root};

/// The system users.
pub(crate) const USERS: &str = "/api/v1/platform/system-users";

/// A system user to be created.
pub(crate) fn order(email: &str, role: &str) -> Value {
    json!({ "email": email, "role": role, "password": PASSWORD })
}

#[tokio::test]
async fn super_admins_let_others_run_the_platform_and_change_and_delete_them() {
    let (_app, anonymous, root) = with_root().await;
    let created = root
        .post(USERS, &order("Ops@Platform.example", "operator"))
        .await
        .expect_status(201);
    insta::assert_json_snapshot!(created.json(), { ".data.id" => "[id]", ".data.created_at" => "[time]" }, @r#"
    {
      "data": {
        "created_at": "[time]",
        "email": "ops@platform.example",
        "id": "[id]",
        "is_active": true,
        "role": "operator"
      },
      "message": "the system user was created",
      "success": true
    }
    "#);
    let path = created.header("Location").unwrap().to_owned();
    let shown = root.get(&path).await.expect_status(200);
    assert_eq!(
        (shown.at("/data"), shown.etag()),
        (created.at("/data"), created.etag())
    );
    let twice = root
        .post(USERS, &order("OPS@platform.example", "support"))
        .await
        .expect_status(409);
    assert!(twice.at("/errors").get("email").is_some());
    let wrong = json!({ "email": "no address", "role": "support", "password": "short" });
    let refused = root.post(USERS, &wrong).await.expect_status(422);
    assert_eq!(refused.at("/errors").as_object().unwrap().len(), 2);

    let listed = root.get(&format!("{USERS}?role=operator")).await;
    assert_eq!(listed.at("/pagination/total"), 1);
    let ops = anonymous
        .log_in_to_platform("ops@platform.example", PASSWORD)
        .await;
    let support = json!({ "role": "support" });
    let changed = root
        .patch(&path, &shown.etag(), &support)
        .await
        .expect_status(200);
    assert_eq!(changed.text_at("/data/role"), "support");
    root.patch(&path, &shown.etag(), &support)
        .await
        .expect_status(412);
    let without = root.request(Method::PATCH, &path).json(&support);
    root.send(without).await.expect_status(428);
    // In force at the next request.
    let suspend = ops.post("/api/v1/tenants/acme/suspend", &json!({})).await;
    assert_eq!(suspend.expect_status(403).code(), "permission_denied");
    root.delete(&path, &changed.etag()).await.expect_status(204);
    root.get(&path).await.expect_status(404);
    ops.get(USERS).await.expect_status(401);
}

/// Rules 38 and 43, for system users.
#[tokio::test]
async fn operators_and_support_see_system_users_and_change_none() {
    let (app, _anonymous, root) = with_root().await;
    let own = root
        .get("/api/v1/platform/auth/me")
        .await
        .text_at("/data/id");
    let path = format!("{USERS}/{own}");
    for role in [SystemUserRole::Operator, SystemUserRole::Support] {
        let caller = app
            .system_user(&format!("{role}@platform.example"), role)
            .await;
        caller.get(USERS).await.expect_status(200);
        caller
            .get("/api/v1/platform/audit-logs")
            .await
            .expect_status(200);
        let new = order("new@platform.example", "super_admin");
        caller.post(USERS, &new).await.expect_status(403);
        let changes = json!({ "role": "support" });
        caller.patch(&path, "*", &changes).await.expect_status(403);
        caller.delete(&path, "*").await.expect_status(403);
    }
    let unchanged = root.get(&path).await.expect_status(200);
    assert_eq!(unchanged.text_at("/data/role"), "super_admin");
}

/// Rule 20, for system users.
#[tokio::test]
async fn a_system_user_who_is_disabled_is_out_at_once_and_logs_in_anew_later() {
    let (app, anonymous, root) = with_root().await;
    let order = order("second@platform.example", "super_admin");
    let created = root.post(USERS, &order).await;
    let path = created.header("Location").unwrap().to_owned();
    let second = json!({ "email": "second@platform.example", "password": PASSWORD });
    let login = anonymous.post("/api/v1/platform/auth/login", &second).await;
    let session = Session::of(&anonymous, &login);
    let set = |active: bool| json!({ "is_active": active });
    root.patch(&path, "*", &set(false)).await.expect_status(200);
    let me = session.caller.get("/api/v1/platform/auth/me").await;
    assert_eq!(me.expect_status(401).code(), "invalid_token");
    session.refresh(&anonymous).await.expect_status(401);
    let refused = anonymous.post("/api/v1/platform/auth/login", &second).await;
    refused.expect_status(401);
    root.patch(&path, "*", &set(true)).await.expect_status(200);
    assert!(!session.is_live().await);
    session.refresh(&anonymous).await.expect_status(401);
    anonymous
        .log_in_to_platform("second@platform.example", PASSWORD)
        .await;
    drop(app);
}

/// Rule 42, for system users.
#[tokio::test]
async fn the_last_super_admin_stays() {
    let (_app, _anonymous, root) = with_root().await;
    let own = root
        .get("/api/v1/platform/auth/me")
        .await
        .text_at("/data/id");
    let path = format!("{USERS}/{own}");
    for changes in [json!({ "role": "operator" }), json!({ "is_active": false })] {
        let refused = root.patch(&path, "*", &changes).await.expect_status(409);
        assert_eq!(refused.code(), "conflict");
    }
    root.delete(&path, "*").await.expect_status(409);
    let changes = json!({ "email": "new@platform.example" });
    root.patch(&path, "*", &changes).await.expect_status(200);
}

/// Rule 42, for system users.
#[tokio::test]
async fn of_two_super_admins_who_take_their_role_from_each_other_one_stays() {
    let (app, _anonymous, root) = with_root().await;
    let other = app
        .system_user("second@platform.example", SystemUserRole::SuperAdmin)
        .await;
    let mut paths = Vec::new();
    for caller in [&root, &other] {
        let id = caller
            .get("/api/v1/platform/auth/me")
            .await
            .text_at("/data/id");
        paths.push(format!("{USERS}/{id}"));
    }
    for round in 0..10 {
        let changes = match round % 2 {
            0 => json!({ "role": "support" }),
            _ => json!({ "is_active": false }),
        };
        let (one, another) = join(
            root.patch(&paths[1], "*", &changes),
            other.patch(&paths[0], "*", &changes),
        )
        .await;
        let statuses = statuses(&one, &another);
        // The one who comes later may be known by then to be nobody who may do this.
        assert_eq!(statuses[0], 200);
        assert!([401, 403, 409].contains(&statuses[1]), "{statuses:?}");
        app.sql(
            "UPDATE shared.system_users SET role = 'super_admin', is_active = true; \
                 UPDATE shared.platform_sessions SET revoked_at = NULL",
        )
        .await;
    }
}
