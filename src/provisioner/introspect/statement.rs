//! The SQL of introspection, put together from one file per part of a schema.
//!
//! Reading and hashing share every fragment, so that a fingerprint is the hash of exactly the text that is read.

use std::sync::LazyLock;

/// Stands for the names of the schemas. What is before it and after it is sent as it is.
const NAMES: &str = "{names}";

/// SQL with one gap, for the names of schemas.
pub(super) type Statement = (String, String);

/// Reads schemas.
pub(super) static INTROSPECT: LazyLock<Statement> = LazyLock::new(|| {
    let (uses, unmanaged) = (
        include_str!("uses.sql").replace("{tables}", TABLES),
        include_str!("unmanaged.sql").replace("{tables}", TABLES),
    );
    let columns = format!(
        "{HASHES}, documents[1] AS structure, documents[2] AS column_order, documents[3] AS unmanaged, documents[4] AS uses"
    );
    let documents = format!("{} || ARRAY[{unmanaged}::text, {uses}::text]", structure());
    statement(&columns, &documents)
});

/// Hashes schemas.
pub(super) static FINGERPRINTS: LazyLock<Statement> =
    LazyLock::new(|| statement(&format!("{HASHES}, {SERVER_VERSION}"), &structure()));

const HASHES: &str = "encode(sha256(convert_to(documents[1], 'UTF8')), 'hex') AS structure_hash,
       encode(sha256(convert_to(documents[2], 'UTF8')), 'hex') AS column_order_hash";

const SERVER_VERSION: &str = "current_setting('server_version_num') AS server_version";

const TABLES: &str = include_str!("tables.sql");

/// When a constraint is checked, unless that is at once.
const DEFERRABLE: &str = "CASE WHEN k.condeferrable THEN CASE WHEN k.condeferred
        THEN ',\"deferrable\":\"initially_deferred\"' ELSE ',\"deferrable\":\"initially_immediate\"' END END";

/// Storage parameters of an index.
const OPTIONS: &str = "CASE WHEN x.reloptions IS NOT NULL THEN ',\"options\":' || to_json(ARRAY(
        SELECT p.option FROM unnest(x.reloptions) p(option) ORDER BY p.option COLLATE \"C\")) END";

/// Columns that an index carries along.
const INCLUDE: &str = "to_json(ARRAY(
        SELECT own.names[u.attnum]
          FROM unnest(i.indkey) WITH ORDINALITY u(attnum, position)
         WHERE u.position > i.indnkeyatts ORDER BY u.position))";

/// Puts documents, an array of texts, into the query that makes them under the path of its own schema, so that expressions, types and
/// defaults name nothing of that schema with the schema's name, and gives the path back as it was.
///
/// `CASE` sets the path before any of a schema's documents is made. The materialised tables are the order: all documents
/// first, the path last.
fn statement(columns: &str, documents: &str) -> Statement {
    let sql = include_str!("statement.sql")
        .replace("{columns}", columns)
        .replace("{documents}", documents);
    let (before, after) = sql.split_once(NAMES).unwrap_or((&sql, ""));
    (before.to_owned(), after.to_owned())
}

/// The structure and the order of the columns, as an array of two texts.
fn structure() -> String {
    let foreign_key = include_str!("foreign_key.sql")
        .replace("{on_delete}", &referential_action("k.confdeltype"))
        .replace("{on_update}", &referential_action("k.confupdtype"));
    include_str!("structure.sql")
        .replace("{columns}", include_str!("columns.sql"))
        .replace("{sequence}", include_str!("sequence.sql"))
        .replace("{constraints}", include_str!("constraints.sql"))
        .replace("{check}", include_str!("check.sql"))
        .replace("{key}", include_str!("key.sql"))
        .replace("{foreign_key}", &foreign_key)
        .replace("{indexes}", include_str!("indexes.sql"))
        .replace("{index_keys}", include_str!("index_keys.sql"))
        .replace("{deferrable}", DEFERRABLE)
        .replace("{options}", OPTIONS)
        .replace("{include}", INCLUDE)
        .replace("{tables}", TABLES)
}

/// An action unless it is the usual one.
fn referential_action(column: &str) -> String {
    format!(
        "CASE {column} WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set_null' WHEN 'd' THEN 'set_default' END"
    )
}
