//! The teams of a tenant: made, listed, changed, deleted, restored.

use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Caller, TestApp};

use crate::user_roles::own_path;

/// A team of the caller's tenant: its path and its version.
pub(crate) async fn new_team(caller: &Caller, name: &str) -> (String, String) {
    caller.create("/teams", &json!({ "name": name })).await
}

async fn names(caller: &Caller, query: &str) -> Vec<String> {
    caller.list(&format!("/teams?{query}"), "name").await
}

#[tokio::test]
async fn a_team_is_created_with_a_location_and_a_version() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let body = json!({ "name": "Blue", "description": "Paints" });
    let created = alice.post("/teams", &body).await.expect_status(201);
    insta::assert_json_snapshot!(created.json(), {
        ".data.id" => "[id]", ".data.created_at" => "[time]", ".data.updated_at" => "[time]",
    }, @r#"
    {
      "data": {
        "created_at": "[time]",
        "deleted_at": null,
        "description": "Paints",
        "id": "[id]",
        "name": "Blue",
        "updated_at": "[time]"
      },
      "message": "the team was created",
      "success": true
    }
    "#);
    let location = created.header("Location").unwrap();
    let id = created.text_at("/data/id");
    assert_eq!(location, format!("/api/v1/tenants/acme/teams/{id}"));
    for path in [location, &format!("/users/teams/{id}")] {
        let found = alice.get(path).await.expect_status(200);
        assert_eq!(found.etag(), created.etag());
        assert_eq!(found.at("/data"), created.at("/data"));
    }
    let faulty = json!({ "name": "", "description": "x".repeat(501) });
    let refused = alice.post("/teams", &faulty).await.expect_status(422);
    assert_eq!(refused.at("/errors").as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn teams_are_listed_searched_filtered_and_paged() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let (green, _) = new_team(&alice, "green").await;
    for name in ["Blue", "100%"] {
        new_team(&alice, name).await;
    }
    let alices = own_path(&alice).await.replace("/users/", "");
    let members = json!([{ "user_id": alices }]);
    alice
        .put(&format!("{green}/members"), "*", &members)
        .await
        .expect_status(200);
    assert_eq!(names(&alice, "").await, ["100%", "Blue", "green"]);
    assert_eq!(
        names(&alice, "sort=-name&per_page=2").await,
        ["green", "Blue"]
    );
    assert_eq!(
        names(&alice, "sort=created_at").await,
        ["green", "Blue", "100%"]
    );
    assert_eq!(names(&alice, "q=BLU").await, ["Blue"]);
    assert_eq!(names(&alice, "q=%25").await, ["100%"]);
    assert_eq!(names(&alice, &format!("user_id={alices}")).await, ["green"]);
    // Rule 46.
    let foreign = own_path(&mallory).await.replace("/users/", "");
    let theirs = names(&alice, &format!("user_id={foreign}")).await;
    assert!(theirs.is_empty());
    let page = alice
        .get("/users/teams?per_page=2")
        .await
        .expect_status(200);
    assert_eq!(page.at("/pagination/total"), json!(3));
    assert!(
        page.header("Link")
            .unwrap()
            .contains("/users/teams?per_page=2&page=2")
    );
    for query in ["sort=id", "user_id=1", "include_deleted=1", "color=green"] {
        alice
            .get(&format!("/teams?{query}"))
            .await
            .expect_status(400);
    }
}

/// Rules 47 and 73.
#[tokio::test]
async fn a_change_of_a_team_names_its_version_and_only_what_is_settable() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (path, etag) = new_team(&alice, "Blue").await;
    let body = json!({ "name": "Red" });
    let methods = [Method::PATCH, Method::PUT, Method::DELETE];
    alice.must_name_version(&methods, &path, &body).await;
    let fields = [
        "id",
        "created_at",
        "updated_at",
        "deleted_at",
        "tenant_id",
        "members",
    ];
    let requests = [
        (Method::PATCH, &*path),
        (Method::PUT, &path),
        (Method::POST, "/teams"),
    ];
    alice.must_not_set(&fields, &requests, &body).await;
    let described = json!({ "description": "Paints" });
    let patched = alice
        .patch(&path, &etag, &described)
        .await
        .expect_status(200);
    assert_eq!(patched.at("/data/name"), json!("Blue"));
    let replaced = alice
        .put(&path, &patched.etag(), &body)
        .await
        .expect_status(200);
    assert_eq!(replaced.at("/data/name"), json!("Red"));
    assert_eq!(replaced.at("/data/description"), Value::Null);
    alice.patch(&path, &etag, &body).await.expect_status(412);
}

#[tokio::test]
async fn a_deleted_team_is_gone_until_it_is_restored_and_its_name_is_free() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (path, etag) = new_team(&alice, "Blue").await;
    let again = json!({ "name": "BLUE" });
    alice.post("/teams", &again).await.expect_taken("name");
    alice.delete(&path, &etag).await.expect_status(204);
    alice.must_not_find(&path, &json!({})).await;
    for answer in [
        alice.get(&format!("{path}/members")).await,
        alice.put(&format!("{path}/members"), "*", &json!([])).await,
    ] {
        answer.expect_status(404);
    }
    assert_eq!(names(&alice, "").await, Vec::<String>::new());
    assert_eq!(names(&alice, "include_deleted=true").await, ["Blue"]);
    let carl = alice.colleague("carl", &["manager"]).await;
    carl.get("/teams?include_deleted=true")
        .await
        .expect_status(200);
    let victor = alice.colleague("victor", &["viewer"]).await;
    victor
        .get("/teams?include_deleted=true")
        .await
        .expect_status(403);
    let heir = new_team(&alice, "blue").await;
    alice.restore(&path).await.expect_status(409);
    alice.delete(&heir.0, &heir.1).await.expect_status(204);
    let restored = alice.restore(&path).await.expect_status(200);
    assert_eq!(restored.at("/data"), alice.get(&path).await.at("/data"));
}

/// Rule 46.
#[tokio::test]
async fn a_team_of_another_tenant_is_not_found() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let (path, _) = new_team(&mallory, "Spies").await;
    let members = format!("{path}/members");
    let before = [
        mallory.get(&path).await.json(),
        mallory.get(&members).await.json(),
    ];
    let body = json!({ "name": "x" });
    alice.must_not_find(&path, &body).await;
    for answer in [
        alice.put(&path, "*", &body).await,
        alice.restore(&path).await,
        alice.get(&members).await,
        alice.put(&members, "*", &json!([])).await,
    ] {
        assert_eq!(answer.expect_status(404).code(), "not_found");
    }
    let after = [
        mallory.get(&path).await.json(),
        mallory.get(&members).await.json(),
    ];
    assert_eq!(after, before);
}
