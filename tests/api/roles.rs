//! The roles of a tenant: made, listed, changed, deleted, restored.

use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Caller, TestApp, statuses};

/// A role of the caller's tenant: its path and its version.
pub(crate) async fn new_role(
    caller: &Caller,
    name: &str,
    priority: i32,
    permissions: &[&str],
) -> (String, String) {
    let body = json!({ "name": name, "priority": priority, "permissions": permissions });
    caller.create("/roles", &body).await
}

/// The path of the role of this name, and its version.
pub(crate) async fn role_named(caller: &Caller, name: &str) -> (String, String) {
    let found = caller.get(&format!("/roles?q={name}")).await;
    let data = found.expect_status(200).at("/data");
    let mut roles = data.as_array().unwrap().iter();
    let role = roles.find(|role| role["name"] == name).unwrap();
    let path = format!("/roles/{}", role["id"].as_str().unwrap());
    let etag = caller.get(&path).await.expect_status(200).etag();
    (path, etag)
}

async fn names(caller: &Caller, query: &str) -> Vec<String> {
    caller.list(&format!("/roles?{query}"), "name").await
}

#[tokio::test]
async fn a_role_is_created_with_a_location_a_version_and_what_it_grants() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let body = json!({
        "name": "gardener",
        "description": "Looks after the plants",
        "priority": 20,
        "permissions": ["tasks.update", "notes.*", "tasks.update"],
    });
    let created = alice.post("/roles", &body).await.expect_status(201);
    insta::assert_json_snapshot!(created.json(), {
        ".data.id" => "[id]", ".data.created_at" => "[time]", ".data.updated_at" => "[time]",
    }, @r#"
    {
      "data": {
        "created_at": "[time]",
        "deleted_at": null,
        "description": "Looks after the plants",
        "id": "[id]",
        "is_system": false,
        "name": "gardener",
        "permissions": [
          "notes.*",
          "tasks.update"
        ],
        "priority": 20,
        "updated_at": "[time]",
        "working_hours": null
      },
      "message": "the role was created",
      "success": true
    }
    "#);
    let location = created.header("Location").unwrap();
    let id = created.text_at("/data/id");
    assert_eq!(location, format!("/api/v1/tenants/acme/roles/{id}"));
    for path in [location, &format!("/users/roles/{id}")] {
        let found = alice.get(path).await.expect_status(200);
        assert_eq!(found.etag(), created.etag());
        assert_eq!(found.at("/data"), created.at("/data"));
    }
}

#[tokio::test]
async fn every_fault_of_a_role_is_named_and_unknown_permissions_are() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let body = json!({
        "name": " x", "priority": 1001, "description": "x".repeat(501), "permissions": [],
    });
    let refused = alice.post("/roles", &body).await.expect_status(422);
    assert_eq!(refused.blamed(), ["description", "name", "priority"]);
    let body = json!({ "name": "x", "permissions": ["users.fly", "users", "*.read"] });
    let refused = alice.post("/roles", &body).await.expect_status(422);
    assert_eq!(
        refused.at("/errors"),
        json!({ "permissions": [
            "there is no permission `*.read`",
            "there is no permission `users`",
            "there is no permission `users.fly`",
        ] })
    );
    assert_eq!(names(&alice, "is_system=false").await, Vec::<String>::new());
}

#[tokio::test]
async fn roles_are_listed_by_rank_searched_and_filtered() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    new_role(&alice, "Gardener", 55, &[]).await;
    new_role(&alice, "100%", 5, &[]).await;
    assert_eq!(
        names(&alice, "").await,
        [
            "admin",
            "manager",
            "developer",
            "Gardener",
            "auditor",
            "employee",
            "user",
            "viewer",
            "100%"
        ]
    );
    assert_eq!(
        names(&alice, "sort=name&per_page=3&page=1").await,
        ["100%", "admin", "auditor"]
    );
    assert_eq!(
        names(&alice, "is_system=false&sort=priority").await,
        ["100%", "Gardener"]
    );
    assert_eq!(names(&alice, "q=garden").await, ["Gardener"]);
    assert_eq!(names(&alice, "q=%25").await, ["100%"]);
    let below_users = alice.get("/users/roles?q=garden").await.expect_status(200);
    assert_eq!(below_users.at("/pagination/total"), json!(1));
    for query in ["sort=id", "q=a&q=b", "color=green", "is_system=x"] {
        alice
            .get(&format!("/roles?{query}"))
            .await
            .expect_status(400);
    }
}

/// Rule 73.
#[tokio::test]
async fn a_change_of_a_role_must_name_the_version_that_it_changes() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (path, etag) = new_role(&alice, "gardener", 20, &["notes.read"]).await;
    let body = json!({ "name": "gardener", "permissions": [] });
    let methods = [Method::PATCH, Method::PUT, Method::DELETE];
    alice.must_name_version(&methods, &path, &body).await;
    let found = alice.get(&path).await;
    assert_eq!(found.etag(), etag);
    let (one, other) = (
        json!({ "priority": 1 }),
        json!({ "permissions": ["tags.read"] }),
    );
    let (one, other) = tokio::join!(
        alice.patch(&path, &etag, &one),
        alice.patch(&path, &etag, &other)
    );
    assert_eq!(statuses(&one, &other), [200, 412]);
}

/// Rule 47.
#[tokio::test]
async fn a_field_of_a_role_that_is_not_settable_is_named_and_nothing_changes() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (path, _) = new_role(&alice, "gardener", 20, &["notes.read"]).await;
    let before = alice.get(&path).await.json();
    let fields = [
        "id",
        "is_system",
        "created_at",
        "updated_at",
        "deleted_at",
        "tenant_id",
    ];
    let requests = [
        (Method::PATCH, &*path),
        (Method::PUT, &path),
        (Method::POST, "/roles"),
    ];
    let body = json!({ "name": "x", "permissions": [] });
    alice.must_not_set(&fields, &requests, &body).await;
    assert_eq!(alice.get(&path).await.json(), before);
}

#[tokio::test]
async fn a_patch_keeps_what_it_does_not_name_and_a_replacement_clears_it() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (path, etag) = new_role(&alice, "gardener", 20, &["notes.read"]).await;
    let body = json!({ "description": "Plants", "permissions": ["tags.read", "notes.*"] });
    let patched = alice.patch(&path, &etag, &body).await.expect_status(200);
    assert_eq!(patched.at("/data/priority"), json!(20));
    assert_eq!(
        patched.at("/data/permissions"),
        json!(["notes.*", "tags.read"])
    );
    let cleared = json!({ "description": null });
    let cleared = alice
        .patch(&path, &patched.etag(), &cleared)
        .await
        .expect_status(200);
    assert_eq!(cleared.at("/data/description"), Value::Null);
    let body = json!({ "name": "florist", "permissions": ["tags.read"] });
    let replaced = alice
        .put(&path, &cleared.etag(), &body)
        .await
        .expect_status(200);
    assert_eq!(replaced.at("/data/name"), json!("florist"));
    assert_eq!(replaced.at("/data/priority"), json!(0));
    assert_eq!(replaced.at("/data/permissions"), json!(["tags.read"]));
    let null = json!({ "permissions": null });
    alice.patch(&path, "*", &null).await.expect_status(422);
}

#[tokio::test]
async fn a_deleted_role_is_had_by_nobody_until_it_is_restored() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (path, etag) = new_role(&alice, "greeter", 20, &["users.read"]).await;
    let bob = alice.colleague("bob", &["greeter"]).await;
    bob.get("/users").await.expect_status(200);
    alice.delete(&path, &etag).await.expect_status(204);
    bob.get("/users").await.expect_status(403);
    alice.must_not_find(&path, &json!({})).await;
    assert_eq!(names(&alice, "q=greeter").await, Vec::<String>::new());
    assert_eq!(
        names(&alice, "q=greeter&include_deleted=true").await,
        ["greeter"]
    );
    let restored = alice.restore(&path).await.expect_status(200);
    assert_eq!(restored.at("/data/deleted_at"), Value::Null);
    bob.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn the_name_of_a_role_is_taken_in_any_case_until_it_is_deleted() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let (path, etag) = new_role(&alice, "gardener", 20, &[]).await;
    let again = json!({ "name": "GARDENER", "permissions": [] });
    alice.post("/roles", &again).await.expect_taken("name");
    new_role(&mallory, "gardener", 20, &[]).await;
    alice.delete(&path, &etag).await.expect_status(204);
    alice.post("/roles", &again).await.expect_status(201);
    alice.restore(&path).await.expect_taken("name");
}

#[tokio::test]
async fn a_role_that_came_with_the_tenant_stays() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (viewer, etag) = role_named(&alice, "viewer").await;
    let refused = async |path: &str, body: Value| {
        let answer = alice.patch(path, "*", &body).await.expect_status(409);
        assert_eq!(answer.code(), "conflict");
    };
    refused(&viewer, json!({ "name": "watcher" })).await;
    alice.delete(&viewer, &etag).await.expect_status(409);
    let body = json!({ "name": "viewer", "permissions": ["tags.read"], "priority": 11 });
    let changed = alice.patch(&viewer, &etag, &body).await.expect_status(200);
    assert_eq!(changed.at("/data/permissions"), json!(["tags.read"]));
    let (admin, etag) = role_named(&alice, "admin").await;
    refused(&admin, json!({ "permissions": [] })).await;
    refused(&admin, json!({ "priority": 1 })).await;
    refused(&admin, json!({ "name": "root" })).await;
    alice.delete(&admin, &etag).await.expect_status(409);
    let body = json!({ "description": "Runs it", "permissions": ["*"], "priority": 100 });
    alice.patch(&admin, &etag, &body).await.expect_status(200);
}

/// Rules 88 and 89.
#[tokio::test]
async fn what_is_done_to_a_role_is_in_the_audit_log_with_what_it_granted() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let (path, etag) = new_role(&alice, "gardener", 20, &["notes.read"]).await;
    let body = json!({ "permissions": ["notes.*"] });
    let etag = alice
        .patch(&path, &etag, &body)
        .await
        .expect_status(200)
        .etag();
    alice.delete(&path, &etag).await.expect_status(204);
    alice.restore(&path).await.expect_status(200);
    alice
        .patch(&path, "*", &json!({ "priority": -1 }))
        .await
        .expect_status(422);
    let schema = &app.acme.tenant.schema;
    let sql = format!(
        "SELECT action, before->>'permissions', after->>'permissions' FROM {schema}.audit_logs \
         WHERE object_type = 'role' ORDER BY created_at, id"
    );
    let rows = app.rows(&sql).await;
    let rows: Vec<(String, Option<String>, Option<String>)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let row = |action: &str, before: Option<&str>, after: &str| {
        (
            action.to_owned(),
            before.map(str::to_owned),
            Some(after.to_owned()),
        )
    };
    let (one, all) = (r#"["notes.read"]"#, r#"["notes.*"]"#);
    assert_eq!(
        rows,
        [
            row("roles.create", None, one),
            row("roles.update", Some(one), all),
            row("roles.delete", Some(all), all),
            row("roles.restore", Some(all), all),
        ]
    );
}

/// Rule 46: a role of another tenant is none.
#[tokio::test]
async fn a_role_of_another_tenant_is_not_found() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let (path, _) = new_role(&mallory, "spy", 1, &["notes.read"]).await;
    let before = mallory.get(&path).await.json();
    let whole = json!({ "name": "x", "permissions": [] });
    alice.must_not_find(&path, &json!({ "priority": 2 })).await;
    for answer in [
        alice.put(&path, "*", &whole).await,
        alice.restore(&path).await,
    ] {
        assert_eq!(answer.expect_status(404).code(), "not_found");
    }
    assert_eq!(mallory.get(&path).await.json(), before);
}

/// Rule 23.
#[tokio::test]
async fn a_role_carries_working_hours_which_nobody_below_an_admin_sets_for_themselves() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let hours = json!({ "days": ["mon", "fri"], "from": "09:00", "to": "18:00" });
    let body = json!({ "name": "officer", "priority": 50, "permissions": ["roles.*"], "working_hours": hours });
    let created = alice.post("/roles", &body).await.expect_status(201);
    assert_eq!(created.at("/data/working_hours"), hours);
    let own = format!("/roles/{}", created.text_at("/data/id"));
    let olga = alice.colleague("olga", &["officer"]).await;
    let any_time = json!({ "working_hours": null });
    olga.patch(&own, "*", &any_time).await.expect_status(403);
    olga.put(
        &own,
        "*",
        &json!({ "name": "officer", "priority": 50, "permissions": ["roles.*"] }),
    )
    .await
    .expect_status(403);
    assert_eq!(alice.get(&own).await.at("/data/working_hours"), hours);
    let (other, _) = new_role(&alice, "other", 50, &[]).await;
    let body = json!({ "working_hours": hours });
    let changed = olga.patch(&other, "*", &body).await.expect_status(200);
    assert_eq!(changed.at("/data/working_hours"), hours);
    let cleared = alice.patch(&own, "*", &any_time).await.expect_status(200);
    assert_eq!(cleared.at("/data/working_hours"), Value::Null);
    let odd = json!({ "working_hours": { "days": ["someday"], "from": "9", "to": "18" } });
    alice.patch(&own, "*", &odd).await.expect_status(422);
}
