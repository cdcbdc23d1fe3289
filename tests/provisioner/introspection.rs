//! Introspection: every kind of part is read back, and fingerprints differ exactly when structures do.

use connection::PlatformConn;
use diesel::define_sql_function;
use diesel_async::RunQueryDsl;
use rowhouse::database::Connector;
use rowhouse::provisioner::introspect::{LiveSchema, fingerprints, introspect};
use rowhouse::provisioner::namespace::Namespace;
use rowhouse::provisioner::plan::Fingerprint;
use test_app::TestDatabase;

/// A schema with every kind of object that the engine knows, managed or not.
const EVERY_KIND: &str = include_str!("introspection/every_kind.sql");

/// Seconds that a statement may take.
const STATEMENT_TIMEOUT: u32 = 60;

async fn connect(database: &TestDatabase) -> PlatformConn {
    let connector = Connector::new(database.url(), STATEMENT_TIMEOUT).unwrap();
    connector.connect().await.unwrap()
}

/// Makes a schema of these statements.
async fn build(name: &str, sql: &str, conn: &PlatformConn) {
    let quoted = name.replace('"', "\"\"");
    let sql = format!("CREATE SCHEMA \"{quoted}\"; SET search_path = \"{quoted}\"; {sql}");
    if let Err(error) = conn.batch(&sql).await {
        panic!("{name}: {error}");
    }
    conn.batch("SET search_path = ''").await.unwrap();
}

async fn namespaces(names: &[&str], conn: &PlatformConn) -> Vec<Namespace> {
    let mut found = Vec::new();
    for name in names {
        found.push(Namespace::find(name, conn).await.unwrap());
    }
    found
}

async fn read(name: &str, conn: &PlatformConn) -> LiveSchema {
    let schemas = namespaces(&[name], conn).await;
    introspect(&schemas, conn).await.unwrap().remove(0)
}

async fn fingerprint(name: &str, conn: &PlatformConn) -> Fingerprint {
    let schemas = namespaces(&[name], conn).await;
    fingerprints(&schemas, conn).await.unwrap().remove(0)
}

define_sql_function! {
    /// A run-time setting.
    fn current_setting(name: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

async fn path(mut conn: &PlatformConn) -> String {
    let query = diesel::select(current_setting("search_path"));
    query.get_result(&mut conn).await.unwrap()
}

#[tokio::test]
async fn every_kind_of_part_is_read_back() {
    let database = TestDatabase::empty().await;
    let conn = connect(&database).await;
    build("My \"odd\" schema", EVERY_KIND, &conn).await;
    let schema = read("My \"odd\" schema", &conn).await;
    insta::assert_json_snapshot!("structure_of_every_kind", schema.structure);
    insta::assert_json_snapshot!("unmanaged_objects_of_every_kind", schema.unmanaged);
    insta::assert_json_snapshot!("uses_of_every_kind", schema.uses);
}

#[tokio::test]
async fn each_of_many_schemas_is_read_under_its_own_path() {
    let database = TestDatabase::empty().await;
    let conn = connect(&database).await;
    let names = ["first", "Second one", "third\"", "fourth"];
    for name in names {
        build(name, EVERY_KIND, &conn).await;
    }
    let schemas = namespaces(&names, &conn).await;
    let read = introspect(&schemas, &conn).await.unwrap();
    assert_eq!(read.len(), names.len());
    assert!(read.iter().all(|schema| schema == &read[0]));
    let text = serde_json::to_string(&read[0].structure).unwrap();
    assert!(text.contains("'good'::mood"), "{text}");
    assert!(!text.contains("first"), "{text}");

    let hashes = fingerprints(&schemas, &conn).await.unwrap();
    let expected: Vec<Fingerprint> = read.into_iter().map(|schema| schema.fingerprint).collect();
    assert_eq!(hashes, expected);
}

#[tokio::test]
async fn the_path_of_the_connection_is_what_it_was() {
    let database = TestDatabase::empty().await;
    let mut conn = connect(&database).await;
    build("first", EVERY_KIND, &conn).await;
    let schemas = namespaces(&["first"], &conn).await;
    conn.batch("SET search_path = public, pg_catalog")
        .await
        .unwrap();
    introspect(&schemas, &conn).await.unwrap();
    assert_eq!(
        path(&conn).await,
        "public, pg_catalog",
        "outside a transaction"
    );

    conn.begin().await.unwrap();
    conn.batch("SET LOCAL search_path = first").await.unwrap();
    introspect(&schemas, &conn).await.unwrap();
    fingerprints(&schemas, &conn).await.unwrap();
    assert_eq!(path(&conn).await, "first", "inside a transaction");
    conn.commit().await.unwrap();
    assert_eq!(
        path(&conn).await,
        "public, pg_catalog",
        "after the transaction"
    );
}
