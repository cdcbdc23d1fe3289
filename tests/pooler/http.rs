//! The API behind a pooler: what an answer promises is kept before it leaves.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use connection::TenantConn;
use diesel_async::RunQueryDsl;
use rowhouse::identity::signed_in::SignedIn;
use serde_json::json;
use tenant_schema::identity::NewUser;
use test_app::{Caller, PASSWORD, PgBouncer, PoolMode, TestApp, TestDatabase};

diesel::define_sql_function! {
    /// A setting, and an error where there is none.
    fn current_setting(name: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// A platform on two sessions of a pooler, which is the caller's to keep.
async fn app() -> (TestApp, PgBouncer, Caller, Caller) {
    let database = TestDatabase::create().await;
    let bouncer = PgBouncer::start(&database, PoolMode::Transaction, 2);
    let config = bouncer.config(&database);
    let (app, _, alice, mallory) = TestApp::on(database, config, routes).await;
    (app, bouncer, alice, mallory)
}

/// Routes of handlers that nobody should write.
fn routes(scope: &mut ServiceConfig) {
    scope
        .route(
            "/api/v1/tenants/{slug}/careless",
            web::post().to(create_and_shrug),
        )
        .route(
            "/api/v1/tenants/{slug}/panicking",
            web::post().to(create_and_panic),
        )
        .route(
            "/api/v1/tenants/{slug}/late",
            web::post().to(create_and_end_late),
        );
}

async fn create(username: &str, conn: &TenantConn) {
    let user = NewUser::new(format!("{username}@example.com"), username.to_owned());
    user.insert(conn).await.unwrap();
}

/// Says that all is well after a statement has failed.
async fn create_and_shrug(caller: SignedIn) -> HttpResponse {
    let mut conn = caller.conn().await.unwrap();
    create("careless", conn).await;
    let missing = diesel::select(current_setting("no.such_setting"));
    missing.get_result::<String>(&mut conn).await.unwrap_err();
    HttpResponse::Ok().finish()
}

async fn create_and_panic(caller: SignedIn) -> HttpResponse {
    create("panicking", caller.conn().await.unwrap()).await;
    panic!("a handler's panic");
}

/// Leaves so much open that ending the transaction takes longer than a statement may.
async fn create_and_end_late(caller: SignedIn) -> HttpResponse {
    let conn = caller.conn().await.unwrap();
    create("late", conn).await;
    let cursors = (0..2_000).map(|number| format!("DECLARE c{number} CURSOR FOR SELECT 1;"));
    let much = format!(
        "{}SET LOCAL statement_timeout = 1",
        cursors.collect::<String>()
    );
    conn.batch(&much).await.unwrap();
    HttpResponse::Ok().finish()
}

/// How many users of that name `acme` has, asked past the pooler.
async fn users_called(name: &str, app: &TestApp) -> usize {
    let schema = &app.acme.tenant.schema;
    let query = format!("SELECT FROM {schema}.users WHERE username = '{name}'");
    let client = app.database().client().await;
    client.query(&query, &[]).await.unwrap().len()
}

#[tokio::test]
async fn tenants_log_in_and_read_and_write_their_own_rows() {
    let (app, _bouncer, alice, mallory) = app().await;
    for caller in [&alice, &mallory] {
        for username in ["bob", "carol"] {
            caller.create_user(username, &["viewer"]).await;
        }
        let created = caller.create_user("dave", &[]).await;
        let path = format!("/users/{}", created.text_at("/data/id"));
        let changes = json!({ "last_name": caller.path("") });
        let read = caller.get(&path).await.expect_status(200);
        caller
            .patch(&path, &read.etag(), &changes)
            .await
            .expect_status(200);
        let read = caller.get(&path).await.expect_status(200);
        assert_eq!(read.text_at("/data/last_name"), caller.path(""));
        caller.delete(&path, &read.etag()).await.expect_status(204);
        let list = caller.get("/users").await.expect_status(200);
        assert_eq!(list.at("/pagination/total"), 3, "{list:?}");
    }
    app.anonymous().log_in("acme", "bob", PASSWORD).await;
    let admin = app.platform_admin().await;
    admin.get("/api/v1/tenants").await.expect_status(200);
}

#[tokio::test]
async fn an_answer_leaves_after_its_rows_are_kept() {
    let (app, _bouncer, alice, _) = app().await;
    for number in 0..20 {
        let name = format!("user{number}");
        alice.create_user(&name, &[]).await;
        assert_eq!(users_called(&name, &app).await, 1);
    }
}

#[tokio::test]
async fn a_commit_that_fails_is_no_success() {
    let (app, _bouncer, alice, _) = app().await;
    app.sql_in(
        &app.acme,
        "ALTER TABLE users ADD CONSTRAINT late UNIQUE (first_name) DEFERRABLE INITIALLY DEFERRED",
    )
    .await;
    let body = |username: &str| json!({ "email": format!("{username}@example.com"), "username": username, "first_name": "Bob" });
    alice.post("/users", &body("bob")).await.expect_status(201);
    let refused = alice.post("/users", &body("rob")).await.expect_status(500);
    assert_eq!(refused.code(), "internal");
    assert_eq!(users_called("rob", &app).await, 0);
    alice.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn a_success_after_a_failed_statement_is_no_success() {
    let (app, _bouncer, alice, _) = app().await;
    let refused = alice.post("/careless", &json!({})).await.expect_status(500);
    assert_eq!(refused.code(), "internal");
    assert_eq!(users_called("careless", &app).await, 0);
}

#[tokio::test]
async fn a_transaction_that_takes_too_long_to_end_is_late_and_not_our_fault() {
    let (app, _bouncer, alice, _) = app().await;
    let refused = alice.post("/late", &json!({})).await.expect_status(503);
    assert_eq!(refused.code(), "statement_timeout");
    assert_eq!(users_called("late", &app).await, 0);
    alice.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn a_handler_that_panics_keeps_nothing() {
    let (app, _bouncer, alice, _) = app().await;
    alice
        .post("/panicking", &json!({}))
        .await
        .expect_status(500);
    assert_eq!(users_called("panicking", &app).await, 0);
    alice.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn a_duplicate_is_a_conflict_as_without_a_pooler() {
    let (_app, _bouncer, alice, _) = app().await;
    alice.create_user("bob", &[]).await;
    let body = json!({ "email": "bob@example.com", "username": "rob" });
    let refused = alice.post("/users", &body).await.expect_status(409);
    assert_eq!(refused.code(), "conflict");
}
