//! Logging in to a tenant, and what a token is good for.

use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, TestApp};

pub(crate) async fn attempt(caller: &Caller, slug: &str, username: &str, password: &str) -> Answer {
    let path = format!("/api/v1/tenants/{slug}/auth/login");
    caller
        .post(
            &path,
            &json!({ "username": username, "password": password }),
        )
        .await
}

/// The body without what differs between any two requests.
fn essence(answer: &Answer) -> Value {
    let mut body = answer.json();
    body["request_id"].take();
    body
}

#[tokio::test]
async fn a_user_logs_in_by_name_or_address_in_any_case() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    for name in [
        "alice",
        "ALICE",
        " alice ",
        "alice@acme.example",
        "Alice@ACME.example",
    ] {
        let answer = attempt(&anonymous, "acme", name, PASSWORD).await;
        assert_eq!(answer.status, 200, "{name:?}: {answer:#?}");
    }
    let answer = attempt(&anonymous, "acme", "alice", PASSWORD).await;
    insta::assert_json_snapshot!(answer.json(), {
        ".data.user.id" => "[id]",
        ".data.user.created_at" => "[time]",
        ".data.user.updated_at" => "[time]",
        ".data.access_token" => "[jwt]",
        ".data.refresh_token" => "[token]",
    }, @r#"
    {
      "data": {
        "access_token": "[jwt]",
        "expires_in": 1200,
        "refresh_token": "[token]",
        "token_type": "Bearer",
        "user": {
          "created_at": "[time]",
          "deleted_at": null,
          "display_name": "alice",
          "email": "alice@acme.example",
          "first_name": null,
          "id": "[id]",
          "image": null,
          "is_active": true,
          "last_name": null,
          "middle_name": null,
          "roles": [
            "admin"
          ],
          "timezone": "UTC",
          "updated_at": "[time]",
          "username": "alice",
          "working_hours": null
        }
      },
      "message": "logged in",
      "success": true
    }
    "#);
}

/// Rule 59: nothing tells who exists.
#[tokio::test]
async fn a_wrong_password_an_unknown_user_and_an_inactive_user_get_the_same_answer() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    alice.create_user("idle", &[]).await;
    app.sql_in(
        &app.acme,
        "UPDATE users SET is_active = false WHERE username = 'idle'",
    )
    .await;
    alice.create_user("gone", &[]).await;
    app.sql_in(
        &app.acme,
        "UPDATE users SET deleted_at = now() WHERE username = 'gone'",
    )
    .await;
    let invited = json!({ "email": "invited@example.com", "username": "invited" });
    alice.post("/users", &invited).await.expect_status(201);
    let refused = attempt(&anonymous, "acme", "alice", "not her password").await;
    insta::assert_json_snapshot!(refused.json(), { ".request_id" => "[id]" }, @r#"
    {
      "code": "invalid_credentials",
      "detail": "the credentials are not valid",
      "instance": "/api/v1/tenants/acme/auth/login",
      "message": "the credentials are not valid",
      "request_id": "[id]",
      "status": 401,
      "success": false,
      "title": "the credentials are not valid",
      "type": "urn:rowhouse:error:invalid_credentials"
    }
    "#);
    assert_eq!(refused.header("WWW-Authenticate"), Some("Bearer"));
    for name in ["nobody", "idle", "gone", "invited"] {
        let answer = attempt(&anonymous, "acme", name, PASSWORD)
            .await
            .expect_status(401);
        assert_eq!(essence(&answer), essence(&refused), "{name}");
    }
}

#[tokio::test]
async fn callers_see_themselves_on_both_mounts() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let by_path = alice.get("/auth/me").await.expect_status(200);
    insta::assert_json_snapshot!(by_path.json(), {
        ".data.id" => "[id]", ".data.tenant.id" => "[tenant]", ".data.permissions" => "[permissions]",
    }, @r#"
    {
      "data": {
        "display_name": "alice",
        "email": "alice@acme.example",
        "first_name": null,
        "id": "[id]",
        "last_name": null,
        "permissions": "[permissions]",
        "roles": [
          "admin"
        ],
        "tenant": {
          "id": "[tenant]",
          "slug": "acme"
        },
        "username": "alice"
      },
      "message": "you",
      "success": true
    }
    "#);
    let permissions = by_path.at("/data/permissions");
    let permissions = permissions.as_array().unwrap();
    assert!(permissions.contains(&json!("roles.assign")) && !permissions.contains(&json!("*")));
    let by_header = alice
        .request(Method::GET, "/api/v1/auth/me")
        .header("X-Tenant-ID", "acme");
    let by_header = alice.send(by_header).await.expect_status(200);
    assert_eq!(by_header.json(), by_path.json());
}

#[tokio::test]
async fn a_tenant_is_named_by_slug_id_or_schema_and_must_be_named() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let tenant = &app.acme.tenant;
    for name in [
        tenant.slug.to_string(),
        tenant.id.to_string(),
        tenant.schema.clone(),
    ] {
        alice.at(&name).get("/auth/me").await.expect_status(200);
        let by_header = alice
            .request(Method::GET, "/api/v1/auth/me")
            .header("X-Tenant-ID", name);
        alice.send(by_header).await.expect_status(200);
    }
    let unnamed = alice.get("/api/v1/auth/me").await.expect_status(400);
    assert_eq!(unnamed.code(), "bad_request");
    let twice = alice
        .request(Method::GET, "/api/v1/auth/me")
        .header("X-Tenant-ID", "acme")
        .header("X-Tenant-ID", "globex");
    alice.send(twice).await.expect_status(400);
}

/// Rule 59.
#[tokio::test]
async fn one_address_in_two_tenants_is_two_users_with_two_passwords() {
    let (_app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let passwords = [
        ("acme", "the password at acme"),
        ("globex", "the password at globex"),
    ];
    for (caller, (_, password)) in [&alice, &mallory].into_iter().zip(passwords) {
        let body = json!({ "email": "eve@example.com", "username": "eve", "password": password });
        caller.post("/users", &body).await.expect_status(201);
    }
    for (slug, own) in passwords {
        for (_, password) in passwords {
            let expected = if password == own { 200 } else { 401 };
            let answer = attempt(&anonymous, slug, "eve@example.com", password).await;
            assert_eq!(answer.status, expected, "{password} at {slug}");
        }
    }
}

/// Rule 31.
#[tokio::test]
async fn a_token_opens_no_other_tenants_door() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for path in ["/auth/me", "/users", "/users/me"] {
        let by_path = alice.at("globex").get(path).await.expect_status(401);
        assert_eq!(by_path.code(), "tenant_mismatch");
        let by_header = alice
            .request(Method::GET, &format!("/api/v1{path}"))
            .header("X-Tenant-ID", "globex");
        let by_header = alice.send(by_header).await.expect_status(401);
        assert_eq!(by_header.code(), "tenant_mismatch");
    }
}

/// Rule 50.
#[tokio::test]
async fn a_path_and_a_header_that_disagree_are_refused() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let both = |name: &str| {
        alice
            .request(Method::GET, "/auth/me")
            .header("X-Tenant-ID", name)
    };
    let disagreeing = alice.send(both("globex")).await.expect_status(400);
    assert_eq!(disagreeing.code(), "bad_request");
    alice.send(both("acme")).await.expect_status(200);
    alice
        .send(both(app.acme.tenant.id.as_str()))
        .await
        .expect_status(200);
    alice.send(both("nobody")).await.expect_status(404);
}

/// Rules 32 and 33.
#[tokio::test]
async fn platform_tokens_and_tenant_tokens_are_good_at_home_only() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let inside = root
        .get("/api/v1/tenants/acme/auth/me")
        .await
        .expect_status(401);
    assert_eq!(inside.code(), "invalid_token");
    for path in [
        "/api/v1/platform/auth/me",
        "/api/v1/tenants",
        "/api/v1/tenants/acme",
    ] {
        let outside = alice.get(path).await.expect_status(401);
        assert_eq!(outside.code(), "invalid_token");
    }
    root.get("/api/v1/platform/auth/me")
        .await
        .expect_status(200);
}

/// bcrypt alone reads 72 bytes: the platform hashes first, so that every byte counts.
#[tokio::test]
async fn every_byte_of_a_long_password_counts() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let (long, emoji) = (format!("{}X", "a".repeat(72)), "🦀".repeat(64));
    for (name, password) in [("long", &long), ("emoji", &emoji)] {
        let body = json!({
            "email": format!("{name}@example.com"), "username": name, "password": password,
        });
        alice.post("/users", &body).await.expect_status(201);
        attempt(&anonymous, "acme", name, password)
            .await
            .expect_status(200);
    }
    for (name, near) in [
        ("long", "a".repeat(72)),
        ("long", format!("{}Y", "a".repeat(72))),
        ("emoji", "🦀".repeat(63)),
        ("emoji", "🦀".repeat(18)),
    ] {
        attempt(&anonymous, "acme", name, &near)
            .await
            .expect_status(401);
    }
}

#[tokio::test]
async fn a_device_name_that_is_too_long_is_refused() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let body = |length: usize| json!({ "username": "alice", "password": PASSWORD, "device_id": "d".repeat(length) });
    let path = "/api/v1/tenants/acme/auth/login";
    anonymous.post(path, &body(200)).await.expect_status(200);
    let refused = anonymous.post(path, &body(201)).await.expect_status(422);
    assert!(refused.at("/errors").get("device_id").is_some());
}

#[tokio::test]
async fn a_session_that_was_ended_is_refused_at_once() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    app.sql_in(&app.acme, "UPDATE user_sessions SET revoked_at = now()")
        .await;
    let ended = alice.get("/auth/me").await.expect_status(401);
    assert_eq!(ended.code(), "session_ended");
    let again = anonymous.log_in("acme", "alice", PASSWORD).await;
    again.get("/auth/me").await.expect_status(200);
    let root = app.platform_admin().await;
    app.sql("UPDATE shared.platform_sessions SET revoked_at = now()")
        .await;
    let ended = root
        .get("/api/v1/platform/auth/me")
        .await
        .expect_status(401);
    assert_eq!(ended.code(), "session_ended");
}

#[tokio::test]
async fn a_session_of_another_user_does_not_count() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.create_user("bob", &[]).await.text_at("/data/id");
    app.sql_in(
        &app.acme,
        &format!("UPDATE user_sessions SET user_id = '{bob}'"),
    )
    .await;
    alice.get("/auth/me").await.expect_status(401);
}

#[tokio::test]
async fn a_deactivated_or_deleted_user_is_refused_at_once() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    for (name, change) in [
        ("idle", "is_active = false"),
        ("gone", "deleted_at = now()"),
    ] {
        let user = alice.colleague(name, &["viewer"]).await;
        user.get("/auth/me").await.expect_status(200);
        let sql = format!("UPDATE users SET {change} WHERE username = '{name}'");
        app.sql_in(&app.acme, &sql).await;
        let refused = user.get("/auth/me").await.expect_status(401);
        assert_eq!(refused.code(), "invalid_token");
    }
}
