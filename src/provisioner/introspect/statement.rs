//! The SQL of introspection, put together from one file per part of a schema.
//!
//! Reading and hashing share every fragment, so that a fingerprint is the hash of exactly the text that is read.

use std::sync::LazyLock;

/// Reads the schemas whose names are `$1`.
pub(super) static INTROSPECT: LazyLock<String> = LazyLock::new(|| {
    let (uses, unmanaged) = (
        include_str!("uses.sql").replace("{tables}", TABLES),
        include_str!("unmanaged.sql").replace("{tables}", TABLES),
    );
    let columns = format!(
        "{HASHES}, documents[1] AS structure, documents[2] AS column_order, documents[3] AS unmanaged, documents[4] AS uses"
    );
    statement(&columns, &[structure(), column_order(), unmanaged, uses])
});

/// Hashes the schemas whose names are `$1`.
pub(super) static FINGERPRINTS: LazyLock<String> =
    LazyLock::new(|| statement(HASHES, &[structure(), column_order()]));

const HASHES: &str = "encode(sha256(convert_to(documents[1], 'UTF8')), 'hex') AS structure_hash,
       encode(sha256(convert_to(documents[2], 'UTF8')), 'hex') AS column_order_hash";

const TABLES: &str = include_str!("tables.sql");

/// When a constraint is checked, unless that is at once.
const DEFERRABLE: &str = "CASE WHEN k.condeferrable THEN CASE WHEN k.condeferred
        THEN ',\"deferrable\":\"initially_deferred\"' ELSE ',\"deferrable\":\"initially_immediate\"' END END";

/// The comment of a constraint.
const CONSTRAINT_COMMENT: &str =
    "',\"comment\":' || (SELECT to_json(m.description) FROM pg_description m
        WHERE m.objoid = k.oid AND m.classoid = 'pg_constraint'::regclass AND m.objsubid = 0)";

/// Storage parameters of an index.
const OPTIONS: &str = "CASE WHEN x.reloptions IS NOT NULL THEN ',\"options\":' || to_json(ARRAY(
        SELECT p.option FROM unnest(x.reloptions) p(option) ORDER BY p.option COLLATE \"C\")) END";

/// Columns that an index carries along.
const INCLUDE: &str = "to_json(ARRAY(
        SELECT (SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = u.attnum)
          FROM unnest(i.indkey) WITH ORDINALITY u(attnum, position)
         WHERE u.position > i.indnkeyatts ORDER BY u.position))";

/// Puts documents into the query that evaluates each under the path of its own schema, so that expressions, types and
/// defaults name nothing of that schema with the schema's name, and gives the path back as it was.
///
/// `CASE` sets the path before any of a schema's documents is made. The materialised tables are the order: all documents
/// first, the path last.
fn statement(columns: &str, documents: &[String]) -> String {
    let documents: Vec<String> = documents
        .iter()
        .map(|document| format!("({document})::text"))
        .collect();
    include_str!("statement.sql")
        .replace("{columns}", columns)
        .replace("{documents}", &documents.join(",\n"))
}

fn column_order() -> String {
    include_str!("column_order.sql").replace("{tables}", TABLES)
}

fn structure() -> String {
    let index_keys = include_str!("index_keys.sql");
    let foreign_keys = include_str!("foreign_keys.sql")
        .replace("{on_delete}", &referential_action("k.confdeltype"))
        .replace("{on_update}", &referential_action("k.confupdtype"));
    let key = include_str!("key.sql");
    include_str!("structure.sql")
        .replace("{columns}", include_str!("columns.sql"))
        .replace("{sequence}", include_str!("sequence.sql"))
        .replace("{primary_key}", &keys('p', key))
        .replace(
            "{uniques}",
            &keys('u', &format!("string_agg({key}, ',' ORDER BY k.conname)")),
        )
        .replace("{indexes}", include_str!("indexes.sql"))
        .replace("{index_keys}", index_keys)
        .replace("{checks}", include_str!("checks.sql"))
        .replace("{foreign_keys}", &foreign_keys)
        .replace("{deferrable}", DEFERRABLE)
        .replace("{constraint_comment}", CONSTRAINT_COMMENT)
        .replace("{options}", OPTIONS)
        .replace("{include}", INCLUDE)
        .replace("{tables}", TABLES)
}

fn keys(kind: char, selected: &str) -> String {
    format!(
        "SELECT {selected} FROM pg_constraint k JOIN pg_index i ON i.indexrelid = k.conindid
          WHERE k.conrelid = c.oid AND k.contype = '{kind}'"
    )
}

/// An action unless it is the usual one.
fn referential_action(column: &str) -> String {
    format!(
        "CASE {column} WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set_null' WHEN 'd' THEN 'set_default' END"
    )
}
