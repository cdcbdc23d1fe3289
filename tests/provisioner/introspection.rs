//! Introspection: every kind of part is read back, and fingerprints differ exactly when structures do.

use connection::PlatformConn;
use diesel::define_sql_function;
use diesel_async::RunQueryDsl;
use rowhouse::provisioner::introspect::{LiveSchema, fingerprints, introspect};
use rowhouse::provisioner::namespace::Namespace;
use rowhouse::provisioner::plan::Fingerprint;
use tenant_schema::definition::SchemaDefinition;
use test_app::TestDatabase;

use crate::connect;

/// A schema with every kind of object that the engine knows, managed or not.
const EVERY_KIND: &str = include_str!("introspection/every_kind.sql");

/// Makes a schema of these statements.
async fn build(name: &str, sql: &str, conn: &PlatformConn) {
    let quoted = name.replace('"', "\"\"");
    let sql = format!("CREATE SCHEMA \"{quoted}\"; SET search_path = \"{quoted}\"; {sql}");
    conn.batch(&sql).await.unwrap();
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
    let conn = connect(database.url()).await;
    build("My \"odd\" schema", EVERY_KIND, &conn).await;
    let schema = read("My \"odd\" schema", &conn).await;
    insta::assert_json_snapshot!("structure_of_every_kind", schema.structure);
    insta::assert_json_snapshot!("unmanaged_objects_of_every_kind", schema.unmanaged);
    insta::assert_json_snapshot!("uses_of_every_kind", schema.uses);
}

#[tokio::test]
async fn each_of_many_schemas_is_read_under_its_own_path() {
    let database = TestDatabase::empty().await;
    let conn = connect(database.url()).await;
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
    let mut conn = connect(database.url()).await;
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

/// [`EVERY_KIND`] with a plain name, and with nothing that stands in the way of the changes below.
fn changeable() -> String {
    EVERY_KIND
        .replace("\"Odd \"\"name\"\"\"", "odd")
        .replace(
            "CREATE MATERIALIZED VIEW stale AS SELECT code",
            "CREATE MATERIALIZED VIEW stale AS SELECT id",
        )
        .replace("USING (code = 'x')", "USING (region = 'x')")
        .replace("OLD.code", "OLD.region")
        .replace("ON region, code FROM clubs", "ON region, id FROM clubs")
        .replace(
            "CREATE TABLE heir () INHERITS (clubs);",
            "CREATE TABLE parent (); CREATE TABLE heir () INHERITS (parent);",
        )
}

/// Statements that each change the structure of [`EVERY_KIND`] in one way.
const DIFFERENCES: [&str; 40] = [
    "CREATE TABLE extra ()",
    "DROP TABLE scratch",
    "ALTER TABLE scratch RENAME TO scrap",
    "ALTER TABLE scratch SET LOGGED",
    "ALTER TABLE scratch ADD id integer",
    "ALTER TABLE clubs RENAME region TO country",
    "ALTER TABLE clubs ALTER code TYPE varchar(9)",
    "ALTER TABLE odd ALTER local TYPE text COLLATE \"POSIX\"",
    "ALTER TABLE odd ALTER alpha SET DEFAULT 'its'",
    "ALTER TABLE odd ALTER alpha DROP DEFAULT",
    "ALTER TABLE odd ALTER code SET NOT NULL",
    "ALTER TABLE odd ALTER doubled DROP EXPRESSION",
    "ALTER TABLE odd ALTER club_id DROP IDENTITY",
    "ALTER TABLE odd ALTER club_id SET GENERATED BY DEFAULT",
    "ALTER TABLE odd ALTER club_id SET CACHE 2",
    "ALTER TABLE odd SET (fillfactor = 81)",
    "ALTER TABLE odd RESET (toast.autovacuum_enabled)",
    "COMMENT ON TABLE odd IS 'The table.'",
    "COMMENT ON COLUMN odd.alpha IS NULL",
    "COMMENT ON CONSTRAINT odd_check ON odd IS 'The check.'",
    "COMMENT ON CONSTRAINT odd_unique ON odd IS 'The unique.'",
    "COMMENT ON CONSTRAINT odd_club ON odd IS 'The reference.'",
    "COMMENT ON INDEX odd_hash IS 'The hash.'",
    "COMMENT ON SEQUENCE numbers IS 'Fours.'",
    "COMMENT ON SEQUENCE club_numbers IS 'Elevens.'",
    "COMMENT ON TYPE mood IS NULL",
    "ALTER TABLE odd DROP CONSTRAINT odd_check",
    "ALTER TABLE odd RENAME CONSTRAINT odd_check TO odd_checks",
    "ALTER TABLE odd VALIDATE CONSTRAINT odd_late",
    "ALTER TABLE odd VALIDATE CONSTRAINT odd_self",
    "ALTER TABLE odd ALTER CONSTRAINT odd_club DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE odd DROP CONSTRAINT odd_unique, ADD CONSTRAINT odd_unique UNIQUE (region, alpha)",
    "ALTER INDEX odd_key SET (fillfactor = 71)",
    "ALTER INDEX odd_partial RESET (fillfactor)",
    "ALTER INDEX odd_hash RENAME TO odd_mash",
    "DROP INDEX odd_pattern; CREATE INDEX odd_pattern ON odd (code varchar_pattern_ops, region, lower(region) COLLATE \"C\")",
    "ALTER TYPE mood ADD VALUE 'fair' AFTER 'good'",
    "ALTER TYPE mood RENAME VALUE 'better' TO 'best'",
    "ALTER SEQUENCE numbers INCREMENT BY 4",
    "ALTER SEQUENCE owned OWNED BY NONE",
];

#[tokio::test]
async fn each_single_difference_changes_the_hash_of_the_structure() {
    let database = TestDatabase::empty().await;
    let conn = connect(database.url()).await;
    let sql = changeable();
    build("original", &sql, &conn).await;
    build("changed", &sql, &conn).await;
    let original = fingerprint("original", &conn).await;
    assert_eq!(fingerprint("changed", &conn).await, original);
    for difference in DIFFERENCES {
        conn.batch(&format!(
            "BEGIN; SET LOCAL search_path = changed; {difference}"
        ))
        .await
        .unwrap_or_else(|error| panic!("{difference}: {error}"));
        let changed = fingerprint("changed", &conn).await;
        assert_ne!(changed.structure, original.structure, "{difference}");
        conn.batch("ROLLBACK").await.unwrap();
        assert_eq!(
            fingerprint("changed", &conn).await,
            original,
            "{difference}"
        );
    }
}

/// Statements that change [`EVERY_KIND`] in ways that are no difference of structure.
const INDIFFERENCES: [&str; 12] = [
    "ALTER TABLE clubs ADD gone text DEFAULT 'x' CHECK (gone <> ''); ALTER TABLE clubs DROP gone",
    "ALTER TABLE clubs RENAME code TO cipher; ALTER TABLE clubs RENAME cipher TO code",
    "ALTER TABLE clubs ALTER code TYPE varchar(9); ALTER TABLE clubs ALTER code TYPE varchar(8)",
    "ALTER TABLE clubs ALTER region SET STATISTICS 100; ANALYZE clubs",
    "INSERT INTO clubs VALUES (DEFAULT, 'x', 'y')",
    "CREATE VIEW more AS SELECT * FROM clubs",
    "DROP FUNCTION members(clubs)",
    "CREATE DOMAIN short AS text CHECK (length(VALUE) < 5)",
    "DROP POLICY own ON clubs; DROP TRIGGER ring ON clubs; DROP RULE quiet ON clubs; ALTER TABLE clubs DISABLE ROW LEVEL SECURITY",
    "DROP TABLE heir, parted, typed",
    "DROP STATISTICS together; DROP MATERIALIZED VIEW stale",
    "ALTER TABLE odd DROP CONSTRAINT odd_during",
];

#[tokio::test]
async fn what_is_no_structure_leaves_no_trace_in_its_hash() {
    let database = TestDatabase::empty().await;
    let conn = connect(database.url()).await;
    let sql = changeable();
    build("original", &sql, &conn).await;
    let original = fingerprint("original", &conn).await;
    for change in INDIFFERENCES {
        conn.batch(&format!(
            "BEGIN; SET LOCAL search_path = original; {change}"
        ))
        .await
        .unwrap_or_else(|error| panic!("{change}: {error}"));
        assert_eq!(fingerprint("original", &conn).await, original, "{change}");
        conn.batch("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn the_order_of_columns_is_read_and_hashed_by_itself() {
    let database = TestDatabase::empty().await;
    let conn = connect(database.url()).await;
    build(
        "first",
        "CREATE TABLE notes (b text, a text); CREATE TABLE empty ()",
        &conn,
    )
    .await;
    build(
        "second",
        "CREATE TABLE notes (a text, b text); CREATE TABLE empty ()",
        &conn,
    )
    .await;
    let (first, second) = (read("first", &conn).await, read("second", &conn).await);
    assert_eq!(first.fingerprint.structure, second.fingerprint.structure);
    assert_ne!(
        first.fingerprint.column_order,
        second.fingerprint.column_order
    );
    let columns = |schema: &LiveSchema| -> Vec<String> {
        let notes = schema.structure.table("notes").unwrap();
        notes
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect()
    };
    assert_eq!(columns(&first), ["b", "a"]);
    assert_eq!(columns(&second), ["a", "b"]);
}

#[tokio::test]
async fn a_schema_that_is_gone_reads_like_an_empty_one() {
    let database = TestDatabase::empty().await;
    let conn = connect(database.url()).await;
    build("gone", EVERY_KIND, &conn).await;
    build("empty", "", &conn).await;
    let schemas = namespaces(&["gone", "empty"], &conn).await;
    conn.batch("DROP SCHEMA gone CASCADE").await.unwrap();
    let read = introspect(&schemas, &conn).await.unwrap();
    assert_eq!(read[0], read[1]);
    assert_eq!(read[0].structure, SchemaDefinition::default());
    assert_eq!(introspect(&[], &conn).await.unwrap(), []);
}

#[tokio::test]
async fn an_index_whose_concurrent_build_failed_is_read_as_invalid() {
    let database = TestDatabase::empty().await;
    let conn = connect(database.url()).await;
    build(
        "first",
        "CREATE TABLE notes (a integer); INSERT INTO notes VALUES (1), (1)",
        &conn,
    )
    .await;
    let failed = conn
        .batch("CREATE UNIQUE INDEX CONCURRENTLY notes_a ON first.notes (a)")
        .await;
    assert!(failed.is_err());
    let schema = read("first", &conn).await;
    let index = &schema.structure.table("notes").unwrap().indexes[0];
    assert_eq!((index.name.as_str(), index.invalid), ("notes_a", true));
}

#[tokio::test]
async fn a_temporary_table_of_the_same_name_is_not_mistaken_for_the_schemas_own() {
    let database = TestDatabase::empty().await;
    let conn = connect(database.url()).await;
    let sql = "CREATE SEQUENCE numbers; CREATE TABLE notes (a bigint DEFAULT nextval('numbers'))";
    build("first", sql, &conn).await;
    let before = read("first", &conn).await;
    conn.batch("CREATE TEMPORARY SEQUENCE numbers")
        .await
        .unwrap();
    assert_eq!(read("first", &conn).await, before);
}
