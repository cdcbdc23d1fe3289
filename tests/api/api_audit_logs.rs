//! The log of calls, which a tenant's setting asks for.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use platform_schema::{Tenant, TenantKey};
use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Caller, PASSWORD, TestApp};

const LOGS: &str = "/settings/api-audit-logs";

const PATIENCE: Duration = Duration::from_secs(20);

async fn switch(caller: &Caller, is_on: bool) {
    let body = json!({ "value": is_on });
    let done = caller.put("/settings/audit.requests", "*", &body).await;
    done.expect_status(200);
}

async fn rows(caller: &Caller, query: &str) -> Vec<Value> {
    let page = caller.get(&format!("{LOGS}?per_page=100&{query}")).await;
    let rows = page.expect_status(200).at("/data");
    rows.as_array().unwrap().clone()
}

/// The call of this id, as soon as it is in the log.
async fn logged(caller: &Caller, request: &str) -> Value {
    let begun = Instant::now();
    loop {
        let found = rows(caller, &format!("request_id={request}")).await;
        if let [row] = found.as_slice() {
            return row.clone();
        }
        assert!(begun.elapsed() < PATIENCE, "{request} is not logged");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn call(caller: &Caller, id: &str, method: Method, path: &str, body: &Value) -> u16 {
    let request = caller.request(method, path).header("X-Request-ID", id);
    caller.send(request.json(body)).await.status.as_u16()
}

/// Posts, and gives the row of the call as soon as `reader` finds it in the log.
async fn post_logged(caller: &Caller, path: &str, body: &Value, reader: &Caller) -> (u16, Value) {
    let answer = caller.post(path, body).await;
    let id = answer.header("X-Request-ID").unwrap();
    (answer.status.as_u16(), logged(reader, id).await)
}

/// Fails the test where a text stands in any column of acme's log.
async fn must_not_be_logged(hidden: &str, app: &TestApp) {
    let schema = &app.acme.tenant.schema;
    let sql =
        format!("SELECT coalesce(string_agg(l::text, ' '), '') FROM {schema}.api_audit_logs l");
    let all: String = app.rows(&sql).await[0].get(0);
    assert!(!all.contains(hidden), "{hidden} is in the log");
}

#[tokio::test]
async fn a_call_is_logged_with_its_bodies_by_its_tenant_alone() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    for caller in [&alice, &mallory] {
        switch(caller, true).await;
    }
    let me = alice.get("/users/me").await.text_at("/data/id");
    let body = json!({ "email": "bob@example.com", "username": "bob", "password": PASSWORD });
    let (status, row) = post_logged(&alice, "/users", &body, &alice).await;
    assert_eq!(status, 201);
    assert_eq!(row["method"], "POST");
    assert_eq!(row["path"], "/api/v1/tenants/acme/users");
    assert_eq!(row["status"], 201);
    assert!(row["duration_us"].as_i64().unwrap() > 0);
    assert_eq!(row["user_id"], json!(me));
    assert_eq!(row["ip"], "127.0.0.1");
    let sent = json!({ "email": "bob@example.com", "username": "bob", "password": "removed" });
    assert_eq!(row["request_body"], sent);
    assert_eq!(row["response_body"]["data"]["username"], "bob");
    must_not_be_logged(PASSWORD, &app).await;

    let theirs = rows(&mallory, "").await;
    assert!(!theirs.is_empty());
    for row in theirs {
        let path = row["path"].as_str().unwrap();
        assert!(path.starts_with("/api/v1/tenants/globex/"), "{path}");
    }
}

#[tokio::test]
async fn no_secret_of_a_call_is_logged() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    switch(&alice, true).await;
    let login = json!({ "username": "alice", "password": PASSWORD });
    let path = "/api/v1/tenants/acme/auth/login";
    let (status, row) = post_logged(&anonymous, path, &login, &alice).await;
    assert_eq!(status, 200);
    assert_eq!(row["response_body"]["data"]["access_token"], "removed");
    assert_eq!(row["response_body"]["data"]["refresh_token"], "removed");

    let secret =
        json!({ "key": "custom.a", "type": "string", "value": PASSWORD, "is_secret": true });
    post_logged(&alice, "/settings", &secret, &alice).await;
    let key = json!({ "name": "robot", "scopes": ["users.read"] });
    let made = alice.post("/api-keys", &key).await.expect_status(201);
    logged(&alice, made.header("X-Request-ID").unwrap()).await;
    for hidden in [PASSWORD, &made.text_at("/data/key"), alice.token()] {
        must_not_be_logged(hidden, &app).await;
    }
}

/// One who was not let in, or not understood, may have given a secret for anything.
#[tokio::test]
async fn what_was_sent_is_not_logged_where_it_was_refused() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    switch(&alice, true).await;
    let wrong = json!({ "username": PASSWORD, "password": "no" });
    let path = "/api/v1/tenants/acme/auth/login";
    let (status, row) = post_logged(&anonymous, path, &wrong, &alice).await;
    assert_eq!(status, 401);
    assert_eq!(
        (&row["request_body"], &row["user_id"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(row["response_body"]["status"], 401);
    let misspelt = json!({ "pasword": PASSWORD });
    let (status, row) = post_logged(&alice, "/users", &misspelt, &alice).await;
    assert_eq!(status, 422);
    assert_eq!(row["request_body"], Value::Null);
    must_not_be_logged(PASSWORD, &app).await;
}

/// One task logs the calls in their order: what is not there before the last one will never be.
#[tokio::test]
async fn nothing_is_logged_while_the_setting_is_off() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let note = json!({ "title": "tea" });
    call(&alice, "before", Method::POST, "/tools/notes", &note).await;
    switch(&alice, true).await;
    call(&alice, "meanwhile", Method::POST, "/tools/notes", &note).await;
    logged(&alice, "meanwhile").await;
    switch(&alice, false).await;
    call(&alice, "after", Method::POST, "/tools/notes", &note).await;
    switch(&alice, true).await;
    call(&alice, "last", Method::POST, "/tools/notes", &note).await;
    logged(&alice, "last").await;
    for missing in ["before", "after"] {
        let query = format!("request_id={missing}");
        assert_eq!(rows(&alice, &query).await, Vec::<Value>::new(), "{missing}");
    }
    mallory.get("/users/me").await.expect_status(200);
    let schema = &app.globex.tenant.schema;
    let sql = format!("SELECT count(*) FROM {schema}.api_audit_logs");
    let client = app.database().client().await;
    let theirs: i64 = client.query_one(&sql, &[]).await.unwrap().get(0);
    assert_eq!(theirs, 0);
}

/// What writes the calls is held up, so that it learns what the tenant wants only after that was changed.
#[tokio::test]
async fn a_call_is_logged_by_what_the_setting_was_then_however_late_it_is_written() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    switch(&mallory, true).await;
    let schema = &app.globex.tenant.schema;
    let client = app.database().client().await;
    let hold = format!("BEGIN; LOCK TABLE {schema}.api_audit_logs");
    client.batch_execute(&hold).await.unwrap();
    mallory.get("/users/me").await.expect_status(200);
    let waiting = format!(
        "SELECT FROM pg_locks WHERE NOT granted AND relation = '{schema}.api_audit_logs'::regclass"
    );
    let begun = Instant::now();
    while client.query(&waiting, &[]).await.unwrap().is_empty() {
        assert!(begun.elapsed() < PATIENCE, "nobody writes mallory's call");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let note = json!({ "title": "tea" });
    switch(&alice, false).await;
    call(&alice, "before", Method::POST, "/tools/notes", &note).await;
    switch(&alice, true).await;
    call(&alice, "meanwhile", Method::POST, "/tools/notes", &note).await;
    client.batch_execute("COMMIT").await.unwrap();
    logged(&alice, "meanwhile").await;
    assert_eq!(rows(&alice, "request_id=before").await, Vec::<Value>::new());
}

#[tokio::test]
async fn calls_are_found_by_what_is_known_of_them_and_paged() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    switch(&alice, true).await;
    let me = alice.get("/users/me").await.text_at("/data/id");
    let before = Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    for number in 0..5 {
        let note = json!({ "title": "tea" });
        call(
            &alice,
            &format!("note-{number}"),
            Method::POST,
            "/tools/notes",
            &note,
        )
        .await;
    }
    logged(&alice, "note-4").await;
    let path = "/api/v1/tenants/acme/tools/notes";
    for query in [
        format!("path={path}"),
        format!("user_id={me}&path={path}&status=201&method=POST&ip=127.0.0.1"),
        format!("from={before}&path={path}"),
    ] {
        assert_eq!(rows(&alice, &query).await.len(), 5, "{query}");
    }
    for query in [
        format!("path={path}&status=500"),
        format!("path={path}&method=GET"),
        format!("path={path}&ip=192.0.2.1"),
        format!("path={path}&user_id={}", uuid::Uuid::now_v7()),
        format!("path={path}&to={before}"),
    ] {
        assert_eq!(rows(&alice, &query).await.len(), 0, "{query}");
    }
    for query in ["status=x", "ip=x", "from=x", "unknown=1", "cursor=x"] {
        alice
            .get(&format!("{LOGS}?{query}"))
            .await
            .expect_status(400);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = format!("{LOGS}?path={path}&per_page=2{cursor}");
        let page = alice.get(&page).await.expect_status(200);
        for row in page.at("/data").as_array().unwrap() {
            seen.push(row["request_id"].as_str().unwrap().to_owned());
        }
        match page.at("/pagination/next").as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["note-4", "note-3", "note-2", "note-1", "note-0"]);
}

#[tokio::test]
async fn calls_are_kept_as_long_as_the_audit_log() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    switch(&alice, true).await;
    call(&alice, "old", Method::GET, "/users/me", &json!({})).await;
    logged(&alice, "old").await;
    let platform = app.platform();
    let shared = platform.pools.platform().await.unwrap();
    let key = TenantKey::Id(app.acme.tenant.id.clone());
    let acme = Tenant::find_by_key(&key, &shared).await.unwrap().unwrap();
    let cut = async |days: i64| {
        let then = Utc::now() + TimeDelta::days(days);
        platform
            .provisioner
            .cut_api_audit_log(&acme, then)
            .await
            .unwrap()
    };
    assert_eq!(
        cut(10_000).await,
        0,
        "for ever, unless the tenant says otherwise"
    );
    let days = json!({ "value": 40 });
    let path = "/settings/audit.retention_days";
    alice.put(path, "*", &days).await.expect_status(200);
    assert_eq!(cut(39).await, 0);
    assert!(cut(41).await > 0);
    assert_eq!(rows(&alice, "request_id=old").await, Vec::<Value>::new());
}
