//! Two tenants side by side: nothing of one is seen, changed or counted by the other.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use test_app::{Caller, TestApp};

use crate::operations::Operation;
use crate::plain::Plain;

/// The id of a user in each tenant.
const TWIN: &str = "019a0000-0000-7000-8000-0000000000aa";

/// Stands in every text that globex has.
const CANARY: &str = "canary-of-globex";

/// Gives both tenants a user, a role and a session of the same ids and names, with a canary in those of globex.
async fn plant_twins(app: &TestApp) {
    for (tenant, text) in [(&app.acme, "acme"), (&app.globex, CANARY)] {
        let sql = format!(
            "INSERT INTO users (id, email, username, first_name, last_name, image) \
             VALUES ('{TWIN}', 'twin@example.com', 'twin', '{text}', '{text}', '{text}'); \
             INSERT INTO roles (id, name, description, priority, is_system) \
             VALUES ('{TWIN}', '{text}', '{text}', 1, false); \
             INSERT INTO user_roles (user_id, role_id) VALUES ('{TWIN}', '{TWIN}'); \
             INSERT INTO audit_logs (id, position, hash, actor_type, action, object_type, object_id) \
             VALUES ('{TWIN}', 1000, '', 'nobody', '{text}', '{text}', '{text}')"
        );
        app.sql_in(tenant, &sql).await;
    }
    let sql = format!(
        "INSERT INTO users (id, email, username) VALUES (gen_random_uuid(), '{CANARY}@example.com', '{CANARY}')"
    );
    app.sql_in(&app.globex, &sql).await;
}

/// Gives both tenants one of each plain resource, of the same id, with a canary in that of globex.
async fn plant_plain_twins(app: &TestApp, alice: &Caller, mallory: &Caller) {
    for plain in Plain::all(&app.anonymous()).await {
        for (tenant, caller, text) in [(&app.acme, alice, "acme"), (&app.globex, mallory, CANARY)] {
            let made = plain.make(caller, text).await.expect_status(201);
            let sql = format!(
                "DO $$ DECLARE t text; BEGIN FOR t IN SELECT table_name FROM information_schema.columns \
                 WHERE table_schema = current_schema AND column_name = 'id' AND data_type = 'uuid' LOOP \
                 EXECUTE format('UPDATE %I SET id = $1 WHERE id = $2', t) \
                 USING '{TWIN}'::uuid, '{}'::uuid; END LOOP; END $$",
                made.text_at("/data/id")
            );
            app.sql_in(tenant, &sql).await;
        }
        let path = format!("{}/{TWIN}", plain.path);
        let seen = mallory.get(&path).await.expect_status(200);
        assert!(seen.text.contains(CANARY), "{path}");
        alice.get(&path).await.expect_status(200);
    }
}

/// Rule 57.
#[tokio::test]
async fn no_answer_to_one_tenant_tells_of_the_other() {
    let (app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    plant_twins(&app).await;
    plant_plain_twins(&app, &alice, &mallory).await;
    let seen = mallory
        .get(&format!("/users/{TWIN}"))
        .await
        .expect_status(200);
    assert!(
        seen.text.contains(CANARY),
        "the canary is where mallory sees it"
    );
    let queries = [
        "",
        "?q=canary",
        "?q=twin",
        "?role=canary-of-globex",
        "?per_page=100&include_deleted=true",
    ];
    for operation in Operation::all(&anonymous).await {
        if operation.method != Method::GET {
            continue;
        }
        for query in queries {
            let path = format!("{}{query}", operation.at_acme(TWIN));
            let request = alice
                .request(Method::GET, &path)
                .header("X-Tenant-ID", "acme");
            let request = if path.starts_with("/api/") {
                request
            } else {
                anonymous.request(Method::GET, &path)
            };
            let answer = alice.send(request).await;
            assert!(!answer.status.is_server_error(), "{answer:#?}");
            let whole = format!("{:?} {}", answer.headers, answer.text);
            for secret in [
                CANARY,
                "mallory",
                "globex.example",
                app.globex.tenant.id.as_str(),
            ] {
                // A query that is refused is repeated in the answer.
                let told = whole.contains(secret) && !query.contains(secret);
                assert!(!told, "{path} tells {secret}: {whole}");
            }
        }
    }
    let all = alice.get("/users").await;
    assert_eq!(all.at("/pagination/total"), json!(2));
}

/// Rule 46.
#[tokio::test]
async fn an_id_of_the_other_tenant_is_nobody() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let id = mallory.create_user("victim", &[]).await.text_at("/data/id");
    let path = format!("/users/{id}");
    let before = mallory.get(&path).await.expect_status(200).json();
    let unknown = alice
        .get("/users/019a0000-0000-7000-8000-00000000dead")
        .await;
    let foreign = alice.get(&path).await.expect_status(404);
    assert_eq!(foreign.code(), unknown.expect_status(404).code());
    let keys = json!({ "email": "taken@example.com", "username": "taken" });
    let changes = json!({ "first_name": "Hacked" });
    alice.must_not_find(&path, &changes).await;
    alice.put(&path, "*", &keys).await.expect_status(404);
    alice.restore(&path).await.expect_status(404);
    assert_eq!(mallory.get(&path).await.json(), before);
}

/// Rule 55: SQL that somebody managed to inject runs in the tenant's own role.
#[tokio::test]
async fn injected_sql_reaches_no_other_schema() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let globex = &app.globex.tenant.schema;
    let mut lease = app.lease(&app.acme).await;
    let denied = [
        format!("SELECT * FROM {globex}.users"),
        format!("UPDATE {globex}.users SET is_active = false"),
        format!("INSERT INTO users SELECT * FROM {globex}.users"),
        format!("SET search_path = {globex}; SELECT * FROM {globex}.roles"),
        format!("DROP SCHEMA {globex} CASCADE"),
        "SELECT * FROM shared.tenants".to_owned(),
        "SELECT private_key FROM shared.signing_keys".to_owned(),
        "SELECT * FROM shared.system_users".to_owned(),
        "DROP TABLE users".to_owned(),
        "ALTER TABLE users ADD COLUMN backdoor text".to_owned(),
        "CREATE TABLE public.notes (id int)".to_owned(),
        "CREATE TABLE notes (id int)".to_owned(),
        "CREATE SCHEMA notes".to_owned(),
        "CREATE ROLE notes".to_owned(),
        "COPY users TO PROGRAM 'cat'".to_owned(),
    ];
    for sql in &denied {
        // Behind a pooler the lease is one transaction, which a refusal would spoil.
        let refused = lease.transaction(async |conn| conn.batch(sql).await);
        let message = refused.await.expect_err(sql).to_string();
        let is_denial = ["permission denied", "must be owner", "must be superuser"]
            .iter()
            .any(|denial| message.contains(denial));
        assert!(is_denial, "{sql}: {message}");
    }
    lease.batch("SELECT * FROM users").await.unwrap();
}

/// Rule 90.
#[tokio::test]
async fn the_audit_log_is_only_added_to() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let mut lease = app.lease(&app.acme).await;
    let insert = format!(
        "INSERT INTO audit_logs (id, position, hash, actor_type, action, object_type)
         VALUES ('{TWIN}', 1000, '', 'nobody', 'users.create', 'user')"
    );
    lease.batch(&insert).await.unwrap();
    let changes = [
        "UPDATE audit_logs SET action = 'nothing'",
        "DELETE FROM audit_logs",
        "TRUNCATE audit_logs",
    ];
    for sql in changes {
        let refused = lease.transaction(async |conn| conn.batch(sql).await);
        let message = refused.await.expect_err(sql).to_string();
        assert!(message.contains("permission denied"), "{sql}: {message}");
    }
}

/// Rule 53: connections are shared, what they are bound to is not.
#[tokio::test]
async fn requests_of_both_tenants_at_once_get_their_own() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let callers = [(&alice, "alice"), (&mallory, "mallory")];
    let requests = callers.iter().cycle().take(60).map(async |(caller, name)| {
        let list = caller.get("/users").await.expect_status(200);
        assert_eq!(list.at("/pagination/total"), json!(1));
        assert_eq!(list.text_at("/data/0/username"), *name);
    });
    join_all(requests).await;
}
