//! The registry of tenants: listed, provisioned, repaired, by system users.

use std::time::Duration;

use platform_schema::SystemUserRole;
use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, TestApp, statuses};
use tokio::time::{Instant, sleep};

/// How long a status may take to be in force: the registry believes an entry for a second (rule 60).
const IN_FORCE: Duration = Duration::from_millis(1_100);

pub(crate) fn order(slug: &str) -> Value {
    json!({
        "slug": slug,
        "name": "Initech Inc.",
        "plan": "gold",
        "labels": { "region": "eu" },
        "admin": { "email": "peter@initech.example", "username": "peter", "password": PASSWORD },
    })
}

pub(crate) async fn create_with_key(caller: &Caller, key: &str, body: &Value) -> Answer {
    let request = caller
        .request(Method::POST, "/api/v1/tenants")
        .header("Idempotency-Key", key);
    caller.send(request.json(body)).await
}

#[tokio::test]
async fn the_admin_of_a_new_tenant_logs_in_at_once() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    // The name is asked for before anybody has it, and remembered as nobody's for a moment at most.
    anonymous
        .get("/api/v1/tenants/initech/auth/me")
        .await
        .expect_status(401);
    let created = root
        .post("/api/v1/tenants", &order("initech"))
        .await
        .expect_status(201);
    insta::assert_json_snapshot!(created.json(), {
        ".data.id" => "[tenant]",
        ".data.schema" => "[schema]",
        ".data.version" => "[version]",
        ".data.fingerprint" => "[fingerprint]",
        ".data.run.id" => "[id]",
        ".data.created_at" => "[time]",
        ".data.updated_at" => "[time]",
    }, @r#"
    {
      "data": {
        "created_at": "[time]",
        "fingerprint": "[fingerprint]",
        "id": "[tenant]",
        "labels": {
          "region": "eu"
        },
        "name": "Initech Inc.",
        "plan": "gold",
        "run": {
          "id": "[id]",
          "status": "succeeded"
        },
        "schema": "[schema]",
        "slug": "initech",
        "status": "active",
        "updated_at": "[time]",
        "version": "[version]"
      },
      "message": "the tenant was provisioned",
      "success": true
    }
    "#);
    let peter = anonymous.log_in("initech", "peter", PASSWORD).await;
    peter.get("/users").await.expect_status(200);
    let shown = root
        .get(created.header("Location").unwrap())
        .await
        .expect_status(200);
    assert_eq!(shown.at("/data/slug"), json!("initech"));
}

#[tokio::test]
async fn tenants_are_listed_searched_and_filtered() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    app.sql("UPDATE shared.tenants SET status = 'suspended' WHERE slug = 'globex'")
        .await;
    let slugs = async |query: &str| {
        let list = root
            .get(&format!("/api/v1/tenants?{query}"))
            .await
            .expect_status(200);
        let rows = list.at("/data");
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["slug"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(slugs("").await, ["acme", "globex"]);
    assert_eq!(slugs("q=ACM").await, ["acme"]);
    assert_eq!(slugs("status=suspended").await, ["globex"]);
    assert_eq!(slugs("per_page=1&page=2").await, ["globex"]);
    root.get("/api/v1/tenants?status=sleepy")
        .await
        .expect_status(400);
    root.get("/api/v1/tenants?sort=secret")
        .await
        .expect_status(400);
    let page = root
        .get("/api/v1/tenants?per_page=1")
        .await
        .expect_status(200);
    assert_eq!(
        page.at("/pagination"),
        json!({ "page": 1, "per_page": 1, "total": 2, "pages": 2 })
    );
    assert!(page.header("Link").unwrap().contains("rel=\"next\""));
}

#[tokio::test]
async fn a_tenant_is_shown_by_id_schema_or_slug() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let acme = &app.acme.tenant;
    for name in [
        acme.id.to_string(),
        acme.schema.clone(),
        acme.slug.to_string(),
    ] {
        let shown = root
            .get(&format!("/api/v1/tenants/{name}"))
            .await
            .expect_status(200);
        assert_eq!(shown.at("/data"), serde_json::to_value(acme).unwrap());
    }
    for name in ["initech", "tenant_acme", "ACME", "x", "%00", "'"] {
        let unknown = root
            .get(&format!("/api/v1/tenants/{name}"))
            .await
            .expect_status(404);
        assert_eq!(unknown.code(), "tenant_not_found", "{name}");
    }
}

/// Rule 51.
#[tokio::test]
async fn what_is_no_slug_makes_no_tenant() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let slugs = [
        "",
        "ab",
        "1abc",
        "-abc",
        "abc-",
        "Acme",
        "ACME",
        "a_b",
        "a b",
        "a.b",
        "a/b",
        "pg_catalog",
        "public",
        "shared",
        "information-schema",
        "admin",
        "template",
        "acme\";",
        "acme'--",
        "acme;drop schema shared",
        "ac\u{202e}me",
        "аcme",
        "acme\n",
        "..",
        &"a".repeat(41),
        &"a".repeat(64),
    ];
    for slug in slugs {
        let refused = root.post("/api/v1/tenants", &order(slug)).await;
        assert_eq!(refused.status, 422, "{slug:?}: {refused:#?}");
        assert!(refused.at("/errors").get("slug").is_some(), "{slug:?}");
    }
    let list = root.get("/api/v1/tenants").await;
    assert_eq!(list.at("/pagination/total"), json!(2));
}

#[tokio::test]
async fn every_fault_of_an_order_is_named_at_once() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let body = json!({
        "slug": "Initech",
        "name": " ",
        "admin": { "email": "peter", "username": "p p", "password": "short" },
    });
    let refused = root.post("/api/v1/tenants", &body).await.expect_status(422);
    insta::assert_json_snapshot!(refused.at("/errors"), @r#"
    {
      "admin.email": [
        "must be an e-mail address of at most 254 ASCII characters, like `ada@example.com`"
      ],
      "admin.password": [
        "a password has at least 8 characters; hint: use a sentence"
      ],
      "admin.username": [
        "must be 1 to 64 characters without spaces, control characters and `@`"
      ],
      "name": [
        "must be 1 to 200 characters"
      ],
      "slug": [
        "a slug has 3 to 40 characters of `a-z`, `0-9` and `-`, begins with a letter and ends with a letter or digit"
      ]
    }
    "#);
    let without_admin = json!({ "slug": "initech", "name": "Initech" });
    let refused = root
        .post("/api/v1/tenants", &without_admin)
        .await
        .expect_status(422);
    assert!(refused.at("/errors").get("admin").is_some());
}

#[tokio::test]
async fn a_slug_is_given_once() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let taken = root
        .post("/api/v1/tenants", &order("acme"))
        .await
        .expect_status(409);
    insta::assert_json_snapshot!(taken.json(), { ".request_id" => "[id]" }, @r#"
    {
      "code": "conflict",
      "detail": "the request conflicts with what exists",
      "errors": {
        "slug": [
          "is taken"
        ]
      },
      "instance": "/api/v1/tenants",
      "message": "the request conflicts with what exists",
      "request_id": "[id]",
      "status": 409,
      "success": false,
      "title": "the request conflicts with what exists",
      "type": "urn:rowhouse:error:conflict"
    }
    "#);
    let (one, other) = (order("initech"), order("initech"));
    let (one, other) = tokio::join!(
        root.post("/api/v1/tenants", &one),
        root.post("/api/v1/tenants", &other)
    );
    assert_eq!(statuses(&one, &other), [201, 409]);
}

#[tokio::test]
async fn initializing_a_tenant_again_changes_nothing() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let before = serde_json::to_value(&app.acme.tenant).unwrap();
    let initialized = root
        .post("/api/v1/tenants/acme/initialize", &json!({}))
        .await
        .expect_status(200);
    let by_header = root
        .request(Method::POST, "/api/v1/auth/initialize-tenant")
        .header("X-Tenant-ID", app.acme.tenant.schema.as_str());
    let by_header = root.send(by_header).await.expect_status(200);
    for answer in [initialized, by_header] {
        assert_eq!(answer.at("/data/fingerprint"), before["fingerprint"]);
        assert_eq!(answer.at("/data/id"), before["id"]);
        assert_eq!(answer.at("/data/run/status"), json!("succeeded"));
    }
    alice.get("/users").await.expect_status(200);
    root.post("/api/v1/tenants/nobody/initialize", &json!({}))
        .await
        .expect_status(404);
    let unnamed = root.request(Method::POST, "/api/v1/auth/initialize-tenant");
    root.send(unnamed).await.expect_status(400);
}

#[tokio::test]
async fn support_sees_tenants_and_makes_none() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let support = app
        .system_user("help@platform.example", SystemUserRole::Support)
        .await;
    support.get("/api/v1/tenants").await.expect_status(200);
    support.get("/api/v1/tenants/acme").await.expect_status(200);
    let refused = support
        .post("/api/v1/tenants", &order("initech"))
        .await
        .expect_status(403);
    assert_eq!(refused.code(), "permission_denied");
    assert_eq!(
        refused.text_at("/detail"),
        "this takes the platform permission `tenants.create`"
    );
    let refused = support
        .post("/api/v1/tenants/acme/initialize", &json!({}))
        .await;
    refused.expect_status(403);
    app.sql("UPDATE shared.system_users SET role = 'operator'")
        .await;
    support
        .post("/api/v1/tenants", &order("initech"))
        .await
        .expect_status(201);
    app.sql("UPDATE shared.system_users SET is_active = false")
        .await;
    support.get("/api/v1/tenants").await.expect_status(401);
}

/// Asks until the answer has the status, for as long as a change may take to be in force.
async fn eventually(caller: &Caller, path: &str, status: u16) -> Answer {
    let deadline = Instant::now() + IN_FORCE;
    loop {
        let answer = caller.get(path).await;
        if answer.status == status || Instant::now() > deadline {
            return answer.expect_status(status);
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Rule 60.
#[tokio::test]
async fn a_tenants_status_is_in_force_within_a_second() {
    let (app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let statuses = [
        ("suspended", 403, "tenant_suspended", None),
        ("archived", 503, "tenant_archived", Some("3600")),
        ("provisioning", 503, "tenant_provisioning", Some("2")),
        ("deleting", 404, "tenant_not_found", None),
    ];
    for (status, http_status, code, retry_after) in statuses {
        let set = format!("UPDATE shared.tenants SET status = '{status}' WHERE slug = 'acme'");
        app.sql(&set).await;
        let refused = eventually(&alice, "/users", http_status).await;
        assert_eq!(refused.code(), code);
        assert_eq!(refused.header("Retry-After"), retry_after, "{status}");
        let credentials = json!({ "username": "alice", "password": PASSWORD });
        let login = anonymous
            .post("/api/v1/tenants/acme/auth/login", &credentials)
            .await;
        assert_eq!(login.expect_status(http_status).code(), code);
        mallory.get("/users").await.expect_status(200);
        app.sql("UPDATE shared.tenants SET status = 'active'").await;
        eventually(&alice, "/users", 200).await;
    }
}
