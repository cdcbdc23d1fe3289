//! Rule 55: routes of this test alone paste text of the request into SQL, in the three ways that a handler could. What
//! PostgreSQL then refuses, what it does not, and that the next request notices nothing.

mod planted;

use actix_web::web::{Json, ServiceConfig};
use actix_web::{HttpResponse, web};
use diesel::deserialize::QueryableByName;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use rowhouse::error::ApiError;
use rowhouse::identity::authorized::Authorized;
use rowhouse::identity::permission::UsersRead;
use serde::Deserialize;
use serde_json::json;
use tenant_schema::identity::user::users;
use test_app::{Answer, Caller, TestApp, TestDatabase, config, provision};

use planted::{CREATIONS, statements_beyond};

/// The id of a user in each tenant.
const TWIN: &str = "019a0000-0000-7000-8000-0000000000aa";

/// Stands in every text that globex has.
const CANARY: &str = "canary-of-globex";

/// How PostgreSQL says no.
const DENIALS: [&str; 7] = [
    "permission denied",
    "must be owner",
    "must be superuser",
    "must be a superuser",
    "must be a member of the role",
    "cannot insert multiple commands into a prepared statement",
    "is not allowed in a non-volatile function",
];

#[derive(Debug, Deserialize)]
struct Injection {
    text: String,
}

#[derive(Debug, QueryableByName)]
struct Value {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The three holes.
fn routes(app: &mut ServiceConfig) {
    app.route(
        "/api/v1/tenants/{slug}/condition",
        web::post().to(condition),
    )
    .route(
        "/api/v1/tenants/{slug}/statement",
        web::post().to(statement),
    )
    .route("/api/v1/tenants/{slug}/batch", web::post().to(batch));
}

/// A condition of a query that the builder wrote otherwise.
async fn condition(
    caller: Authorized<UsersRead>,
    injection: Json<Injection>,
) -> Result<HttpResponse, ApiError> {
    let condition = format!("username = '{}'", injection.text);
    let mut conn = caller.conn().await?;
    let rows = users::table
        .filter(sql::<Bool>(&condition))
        .select(users::username)
        .load::<String>(&mut conn)
        .await;
    Ok(answer(rows))
}

/// A whole statement, sent with the extended protocol.
async fn statement(
    caller: Authorized<UsersRead>,
    injection: Json<Injection>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = caller.conn().await?;
    let rows = diesel::sql_query(&injection.text).load::<Value>(&mut conn);
    let rows = rows.await;
    Ok(answer(rows.map(|rows| {
        rows.into_iter().map(|row| row.value).collect()
    })))
}

/// Any number of statements.
async fn batch(
    caller: Authorized<UsersRead>,
    injection: Json<Injection>,
) -> Result<HttpResponse, ApiError> {
    let outcome = caller.conn().await?.batch(&injection.text).await;
    Ok(answer(outcome.map(|()| Vec::new())))
}

/// Tells the attacker all there is to tell.
fn answer(rows: QueryResult<Vec<String>>) -> HttpResponse {
    match rows {
        Ok(rows) => HttpResponse::Ok().json(rows),
        Err(error) => HttpResponse::Ok().json(json!({ "refused": error.to_string() })),
    }
}

/// A platform with the three holes, and twins of the same id, of which that of globex is the canary.
async fn open(login_roles: u16) -> (TestApp, Caller) {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.pool.login_roles = login_roles;
    // So that a connection that was spoilt would be the next one's.
    config.pool.pool_max_connections = 2;
    let (app, _, alice, _) = TestApp::on(database, config, routes).await;
    for (tenant, name) in [(&app.acme, "twin"), (&app.globex, CANARY)] {
        let sql = format!(
            "INSERT INTO users (id, email, username) VALUES ('{TWIN}', '{name}@example.com', '{name}')"
        );
        app.sql_in(tenant, &sql).await;
    }
    (app, alice)
}

async fn inject(alice: &Caller, hole: &str, text: &str) -> Answer {
    let answer = alice
        .post(&format!("/{hole}"), &json!({ "text": text }))
        .await;
    answer.expect_status(200)
}

/// Asserts that PostgreSQL refused the text, and nothing else did.
async fn assert_denied(alice: &Caller, hole: &str, text: &str) {
    let answer = inject(alice, hole, text).await.json();
    let refusal = answer["refused"].as_str().unwrap_or_default();
    let is_denial = DENIALS.iter().any(|denial| refusal.contains(denial));
    assert!(is_denial, "{text}: {answer}");
}

/// Asserts that PostgreSQL ran the text, and gives the rows.
async fn assert_run(alice: &Caller, hole: &str, text: &str) -> serde_json::Value {
    let rows = inject(alice, hole, text).await.json();
    assert!(rows.is_array(), "{text}: {rows}");
    rows
}

/// Asserts that a request after the injection is served by the tenant's own role and schema.
async fn assert_unspoilt(app: &TestApp, alice: &Caller, text: &str) {
    let twin = alice
        .get(&format!("/users/{TWIN}"))
        .await
        .expect_status(200);
    assert_eq!(twin.text_at("/data/username"), "twin", "{text}");
    let session = "SELECT concat_ws(' ', current_user, current_setting('search_path')) AS value";
    let session = assert_run(alice, "statement", session).await;
    let own = &app.acme.tenant.schema;
    assert_eq!(session, json!([format!("{own} {own}")]), "{text}");
}

#[tokio::test]
async fn an_injected_statement_reaches_neither_another_tenant_nor_the_platform() {
    let (app, alice) = open(0).await;
    // Somebody else's session, to be ended.
    let _session = app.database().client().await;
    for text in statements_beyond(&app) {
        assert_denied(&alice, "statement", &text).await;
        assert_denied(&alice, "batch", &text).await;
    }
    assert_unspoilt(&app, &alice, "all of these").await;
}

#[tokio::test]
async fn an_injected_statement_creates_nothing() {
    let (app, alice) = open(0).await;
    for text in CREATIONS {
        assert_denied(&alice, "statement", text).await;
        assert_denied(&alice, "batch", text).await;
    }
    assert_unspoilt(&app, &alice, "all of these").await;
}

/// The text ends the literal that it stands in.
#[tokio::test]
async fn an_injected_condition_reaches_neither_another_tenant_nor_the_platform() {
    let (app, alice) = open(0).await;
    let globex = &app.globex.tenant.schema;
    for text in [
        &format!("' OR EXISTS (SELECT FROM {globex}.users) --"),
        &format!("' UNION SELECT username FROM {globex}.users --"),
        "' UNION SELECT slug FROM shared.tenants --",
        "' UNION SELECT rolpassword FROM pg_authid --",
        "' UNION SELECT pg_read_file('/etc/passwd') --",
        "'; SELECT 1 --",
        &format!("'; SET ROLE {globex}; SELECT username FROM {globex}.users --"),
        "'; RESET ROLE; SELECT slug FROM shared.tenants --",
    ] {
        assert_denied(&alice, "condition", text).await;
    }
    let all = assert_run(&alice, "condition", "' OR true --").await;
    assert_eq!(all, json!(["alice", "twin"]), "the hole is one");
    assert_unspoilt(&app, &alice, "all of these").await;
}

/// What stays of a session that a statement has changed: nothing, for the connection is closed.
#[tokio::test]
async fn what_an_injection_does_to_its_session_ends_with_the_request() {
    let (app, alice) = open(0).await;
    let globex = &app.globex.tenant.schema;
    for (hole, text) in [
        ("statement", format!("SET ROLE {globex}")),
        ("statement", "RESET ROLE".to_owned()),
        ("statement", format!("SET search_path = {globex}")),
        ("statement", "PREPARE mine AS SELECT 1".to_owned()),
        (
            "statement",
            "SET default_transaction_read_only = on".to_owned(),
        ),
        (
            "batch",
            format!("SET ROLE {globex}; SET search_path = {globex}"),
        ),
        (
            "batch",
            "RESET ROLE; RESET ALL; SET search_path = shared".to_owned(),
        ),
        ("batch", "BEGIN; SET LOCAL ROLE none".to_owned()),
        (
            "batch",
            "LISTEN something; SELECT pg_advisory_lock(1)".to_owned(),
        ),
    ] {
        assert_run(&alice, hole, &text).await;
        assert_unspoilt(&app, &alice, &text).await;
    }
}

/// One query that takes a role and reads with it: `query_to_xml` plans its own query when the role has changed already.
fn reading_as(role: &str, query: &str) -> String {
    format!(
        "SELECT set_config('role', '{role}', false) || query_to_xml('{query}', true, true, '')::text AS value"
    )
}

/// One statement that takes a role, reads with it, and tells in an error.
fn telling_as(role: &str, query: &str) -> String {
    format!("DO $$ BEGIN EXECUTE 'SET ROLE {role}'; RAISE EXCEPTION '%', ({query} LIMIT 1); END $$")
}

/// What nothing stops but two rights that a superuser revokes, where one login role takes all tenants' roles.
#[tokio::test]
async fn one_statement_takes_another_role_unless_set_config_and_blocks_are_kept_from_it() {
    let (app, alice) = open(0).await;
    let globex = &app.globex.tenant.schema;
    let canary = format!("SELECT username FROM {globex}.users WHERE id = ''{TWIN}''");
    let tenants = "SELECT slug FROM shared.tenants ORDER BY slug DESC";
    let attacks = [
        (reading_as(globex, &canary), CANARY),
        (reading_as("none", tenants), "globex"),
        (telling_as(globex, &canary.replace("''", "'")), CANARY),
        (telling_as("none", tenants), "globex"),
    ];
    allow_role_changers(&app, true).await;
    for (text, prize) in &attacks {
        let taken = inject(&alice, "statement", text).await.json().to_string();
        assert!(taken.contains(prize), "{text}: {taken}");
        assert_unspoilt(&app, &alice, text).await;
    }
    allow_role_changers(&app, false).await;
    for (text, _) in &attacks {
        assert_denied(&alice, "statement", text).await;
    }
    let settings = "UPDATE pg_settings SET setting = 'none' WHERE name = 'role'";
    assert_denied(&alice, "statement", settings).await;
    assert_unspoilt(&app, &alice, "all of these").await;
}

/// With login roles of their own, the reach ends at the tenants of the same login role, and is nothing without a role.
#[tokio::test]
async fn login_roles_bound_what_an_injection_can_reach() {
    let (app, alice) = open(2).await;
    allow_role_changers(&app, true).await;
    let stranger = stranger(&app).await;
    for text in [
        reading_as(&stranger, &format!("SELECT username FROM {stranger}.users")),
        reading_as("none", "SELECT slug FROM shared.tenants"),
        reading_as("none", &format!("SELECT username FROM {stranger}.users")),
        reading_as("rowhouse", "SELECT slug FROM shared.tenants"),
        telling_as(&stranger, &format!("SELECT username FROM {stranger}.users")),
        telling_as("none", "SELECT slug FROM shared.tenants"),
        format!("SET ROLE {stranger}"),
    ] {
        assert_denied(&alice, "statement", &text).await;
    }
    for text in [
        format!("SET ROLE {stranger}; SELECT username FROM {stranger}.users"),
        format!("RESET ROLE; SELECT username FROM {stranger}.users"),
        "RESET ROLE; SELECT slug FROM shared.tenants".to_owned(),
        "RESET ROLE; CREATE TEMPORARY TABLE users (id integer)".to_owned(),
    ] {
        assert_denied(&alice, "batch", &text).await;
    }
    assert_unspoilt(&app, &alice, "all of these").await;
}

/// The schema of a tenant that is dealt to another login role than acme. Every second one is.
async fn stranger(app: &TestApp) -> String {
    let platform = app.platform();
    let connector = platform.provisioner.connector();
    let own = connector.login_role_of(&app.acme.tenant.id);
    let mut tenant = app.globex.tenant.clone();
    let mut number = 0;
    while connector.login_role_of(&tenant.id) == own {
        number += 1;
        tenant = provision(platform, &format!("stranger-{number}"), "eve")
            .await
            .tenant;
    }
    tenant.schema
}

/// The catalog belongs to all: which schemas and tables there are, and how many rows they have by the server's estimate.
/// What others run is not in it.
#[tokio::test]
async fn the_catalog_tells_of_schemas_and_sizes_and_not_of_what_others_run() {
    let (app, alice) = open(1).await;
    let globex = &app.globex.tenant.schema;
    let names =
        format!("SELECT nspname::text AS value FROM pg_namespace WHERE nspname = '{globex}'");
    let names = assert_run(&alice, "statement", &names).await;
    assert_eq!(names, json!([globex]));
    let busy = app.database().client().await;
    busy.batch_execute("SELECT 'secret'").await.unwrap();
    let queries = "SELECT DISTINCT query AS value FROM pg_stat_activity
                    WHERE pid <> pg_backend_pid() AND datname = current_database()";
    let queries = assert_run(&alice, "statement", queries).await;
    assert_eq!(queries, json!(["<insufficient privilege>"]));
}

/// Changes in this test's database who may do what takes a role in the middle of a statement, which takes a superuser.
async fn allow_role_changers(app: &TestApp, is_allowed: bool) {
    let (verb, preposition) = if is_allowed {
        ("GRANT", "TO")
    } else {
        ("REVOKE", "FROM")
    };
    for right in [
        "EXECUTE ON FUNCTION pg_catalog.set_config",
        "USAGE ON LANGUAGE plpgsql",
    ] {
        let sql = format!("{verb} {right} {preposition} PUBLIC");
        app.database().run_as_superuser(&sql).await;
    }
}
