//! Creations at a tenant that carry an `Idempotency-Key` are done once, however often they are sent (rule 74).

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, TestApp};
use tokio::task::yield_now;

use crate::stopping::Program;

/// What can be created, and another body for each.
fn creations() -> [(&'static str, Value, Value); 5] {
    let user = |name: &str| {
        json!({
            "email": format!("{name}@example.com"), "username": name, "password": PASSWORD, "roles": ["viewer"],
        })
    };
    let key = |name: &str| json!({ "name": name, "scopes": ["users.read"] });
    let role = |name: &str| json!({ "name": name, "permissions": ["users.read"] });
    let team = |name: &str| json!({ "name": name });
    let setting =
        |name: &str| json!({ "key": format!("custom.{name}"), "type": "string", "value": name });
    [
        ("/users", user("carol"), user("dave")),
        ("/api-keys", key("robot"), key("drone")),
        ("/roles", role("clerk"), role("baker")),
        ("/teams", team("red"), team("blue")),
        ("/settings", setting("red"), setting("blue")),
    ]
}

async fn create(caller: &Caller, key: &str, path: &str, body: &Value) -> Answer {
    let request = caller
        .request(Method::POST, path)
        .header("Idempotency-Key", key);
    caller.send(request.json(body)).await
}

fn assert_same(answer: &Answer, first: &Answer) {
    assert_eq!(answer.status, first.status, "{answer:#?}");
    assert_eq!(answer.text, first.text);
    for header in ["Location", "ETag", "Content-Type"] {
        assert_eq!(answer.header(header), first.header(header));
    }
}

/// Counts what SQL finds in the schema of acme.
async fn count(app: &TestApp, from: &str) -> i64 {
    let client = app.database().client().await;
    let schema = &app.acme.tenant.schema;
    let path = format!("SET search_path = {schema}");
    client.batch_execute(&path).await.unwrap();
    let sql = format!("SELECT count(*) FROM {from}");
    client.query_one(&sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_repeated_creation_gets_the_same_answer_and_makes_nothing() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    for (path, body, other) in creations() {
        let first = create(&alice, "key-1", path, &body).await;
        let first = first.expect_status(201);
        assert!(first.header("Location").is_some());
        let (before, rows) = (
            alice.get(path).await.at("/pagination/total"),
            count(&app, "audit_logs").await,
        );
        let again = create(&alice, "key-1", path, &body).await;
        assert_same(&again, &first);
        let refused = create(&alice, "key-1", path, &other).await;
        assert_eq!(refused.expect_status(422).code(), "idempotency_key_reused");
        let after = alice.get(path).await.at("/pagination/total");
        assert_eq!(after, before, "{path}");
        assert_eq!(count(&app, "audit_logs").await, rows, "{path}");
        create(&alice, "key-2", path, &other)
            .await
            .expect_status(201);
        for malformed in ["", &"k".repeat(256)] {
            let refused = create(&alice, malformed, path, &other).await;
            refused.expect_status(400);
        }
    }
    assert_eq!(app.mails("carol@example.com").await.len(), 1);
}

#[tokio::test]
async fn a_key_means_nothing_at_another_tenant_nor_to_somebody_else() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["admin"]).await;
    let (red, blue) = (json!({ "name": "red" }), json!({ "name": "blue" }));
    let first = create(&alice, "key", "/teams", &red).await;
    let id = first.expect_status(201).text_at("/data/id");
    let elsewhere = create(&mallory, "key", "/teams", &red).await;
    assert_ne!(elsewhere.expect_status(201).text_at("/data/id"), id);
    // The name is taken: bob is told so, and not what alice was told.
    let taken = create(&bob, "key", "/teams", &red).await;
    assert_eq!(taken.expect_status(409).code(), "conflict");
    // What failed is not kept.
    create(&bob, "key", "/teams", &blue)
        .await
        .expect_status(201);
    // And it is another key for another kind of thing.
    let role = json!({ "name": "red", "permissions": [] });
    create(&alice, "key", "/roles", &role)
        .await
        .expect_status(201);
}

#[tokio::test]
async fn of_ten_equal_creations_at_once_one_user_is_made() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let [(path, body, _), ..] = creations();
    let answers = join_all((0..10).map(|_| create(&alice, "key", path, &body))).await;
    let (made, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert!(!made.is_empty());
    for answer in &made {
        assert_same(answer, made[0]);
    }
    for answer in busy {
        assert_eq!(answer.status, 409, "{answer:#?}");
        assert_eq!(answer.code(), "idempotency_in_progress");
    }
    assert_same(&create(&alice, "key", path, &body).await, made[0]);
    assert_eq!(count(&app, "users WHERE username = 'carol'").await, 1);
}

/// Somebody waits for a table.
const WAITING: &str =
    "EXISTS (SELECT FROM pg_locks WHERE locktype = 'relation' AND NOT granted AND ";

/// No transaction of a creation runs.
const NOTHING_RUNS: &str = "NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND ";

/// Returns when the locks of the database are so.
async fn wait_until(locks: &str, app: &TestApp) {
    let client = app.database().client().await;
    let here = "database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    let sql = format!("SELECT {locks} {here}");
    let mut is_so = false;
    while !is_so {
        yield_now().await;
        is_so = client.query_one(&sql, &[]).await.unwrap().get(0);
    }
}

#[tokio::test]
async fn a_creation_under_way_is_not_begun_again() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let body = json!({ "name": "red" });
    let holder = app.database().client().await;
    let schema = &app.acme.tenant.schema;
    let lock = format!("BEGIN; LOCK TABLE {schema}.teams IN EXCLUSIVE MODE");
    holder.batch_execute(&lock).await.unwrap();
    let second = async {
        wait_until(WAITING, &app).await;
        let second = create(&alice, "key", "/teams", &body).await;
        holder.batch_execute("ROLLBACK").await.unwrap();
        second
    };
    let (first, second) = tokio::join!(create(&alice, "key", "/teams", &body), second);
    assert_eq!(second.expect_status(409).code(), "idempotency_in_progress");
    let again = create(&alice, "key", "/teams", &body).await;
    assert_same(&again, &first.expect_status(201));
}

#[tokio::test]
async fn a_creation_is_done_once_though_the_server_is_killed() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let body = json!({ "name": "red" });
    let (mut program, address) = Program::serve(app.database());
    let there = Caller::anonymous(&format!("http://{address}"));
    let there = there.at("acme").with_token(alice.token());
    let done = create(&there, "done", "/teams", &json!({ "name": "blue" })).await;
    let holder = app.database().client().await;
    let schema = &app.acme.tenant.schema;
    let lock = format!("BEGIN; LOCK TABLE {schema}.teams IN EXCLUSIVE MODE");
    holder.batch_execute(&lock).await.unwrap();
    let request = there
        .request(Method::POST, "/teams")
        .header("Idempotency-Key", "half")
        .json(&body);
    let request = tokio::spawn(request.send());
    wait_until(WAITING, &app).await;
    program.kill();
    assert!(request.await.unwrap().is_err(), "nobody answers");
    holder.batch_execute("ROLLBACK").await.unwrap();
    wait_until(NOTHING_RUNS, &app).await;

    let repeated = create(&alice, "done", "/teams", &json!({ "name": "blue" })).await;
    assert_same(&repeated, &done.expect_status(201));
    let first = create(&alice, "half", "/teams", &body).await;
    let again = create(&alice, "half", "/teams", &body).await;
    assert_same(&again, &first.expect_status(201));
    assert_eq!(count(&app, "teams").await, 2);
    assert_eq!(
        count(&app, "audit_logs WHERE action = 'teams.create'").await,
        2
    );
}

#[tokio::test]
async fn a_kept_answer_tells_whoever_reads_the_database_nothing() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let [_, (path, body, _), ..] = creations();
    let made = create(&alice, "a-key-of-the-client", path, &body).await;
    let secret = made.expect_status(201).text_at("/data/key");
    let again = create(&alice, "a-key-of-the-client", path, &body).await;
    assert_eq!(again.text_at("/data/key"), secret);
    assert_eq!(count(&app, "idempotency_receipts").await, 1);
    for told in [secret.as_str(), "a-key-of-the-client", "location", "robot"] {
        let found = format!(
            "idempotency_receipts r WHERE strpos(r::text, '{told}') > 0 \
             OR strpos(r::text, encode('{told}', 'hex')) > 0"
        );
        assert_eq!(count(&app, &found).await, 0, "{told}");
    }
}

#[tokio::test]
async fn a_receipt_ends_after_a_day_and_is_removed() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let (red, blue) = (json!({ "name": "red" }), json!({ "name": "blue" }));
    for key in ["one", "other"] {
        let body = json!({ "name": key });
        create(&alice, key, "/teams", &body)
            .await
            .expect_status(201);
    }
    let age = "UPDATE idempotency_receipts SET created_at = created_at - interval '24 hours'";
    app.sql_in(&app.acme, age).await;
    create(&alice, "one", "/teams", &red)
        .await
        .expect_status(201);
    assert_eq!(count(&app, "idempotency_receipts").await, 1);
    let refused = create(&alice, "one", "/teams", &blue).await;
    assert_eq!(refused.expect_status(422).code(), "idempotency_key_reused");
}
