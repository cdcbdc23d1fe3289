//! Introspection: what PostgreSQL's catalog says of schemas, many of them in one query.

mod question;
mod statement;

use std::collections::BTreeMap;

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tenant_schema::definition::SchemaDefinition;
use utoipa::ToSchema;

use super::namespace::Namespace;
use super::plan::Fingerprint;
use question::{Contents, Hash, Question};

/// Changes whenever the same schema would be read in another way than before, so that no reading of an older program
/// is taken for one of this.
pub const VERSION: &str = "2";

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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
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

impl Use {
    /// Whether it is one of this part of the table.
    pub(super) fn is_of(&self, table: &str, part: &str, name: &str) -> bool {
        self.table == table && self.part == part && self.name == name
    }
}

#[derive(Debug, QueryableByName)]
struct Reading {
    #[diesel(sql_type = Text)]
    structure: String,
    #[diesel(sql_type = Text)]
    structure_hash: String,
    #[diesel(sql_type = Text)]
    column_order: String,
    #[diesel(sql_type = Text)]
    column_order_hash: String,
    #[diesel(sql_type = Text)]
    unmanaged: String,
    #[diesel(sql_type = Text)]
    uses: String,
}

/// Hashes of schemas, and the server that made them.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// In the order in which the schemas were named.
    pub(super) fingerprints: Vec<Fingerprint>,
    /// The server's version as a number; empty when no schema was named. Another minor version may deparse in another way
    /// as well.
    pub(super) server_version: String,
}

#[derive(Debug, QueryableByName)]
struct Hashes {
    #[diesel(sql_type = Text)]
    server_version: String,
    #[diesel(sql_type = Text)]
    structure_hash: String,
    #[diesel(sql_type = Text)]
    column_order_hash: String,
}

/// Reads schemas, in the order given; one that does not exist comes back empty. The connection's path stays as it is.
///
/// # Errors
/// What the database says.
pub async fn introspect(
    schemas: &[Namespace],
    mut conn: &PlatformConn,
) -> QueryResult<Vec<LiveSchema>> {
    let question = Question::<Contents>::new(schemas);
    let readings: Vec<Reading> = question.load(&mut conn).await?;
    readings.into_iter().map(LiveSchema::try_from).collect()
}

/// Hashes of schemas, in the order given; one that does not exist has those of an empty one. For those who ask whether
/// a structure is the one they know, which costs less than reading it. The connection's path stays as it is.
///
/// # Errors
/// What the database says.
pub async fn fingerprints(
    schemas: &[Namespace],
    conn: &PlatformConn,
) -> QueryResult<Vec<Fingerprint>> {
    Ok(survey(schemas, conn).await?.fingerprints)
}

/// As [`fingerprints`], with the version of the server.
pub(super) async fn survey(schemas: &[Namespace], mut conn: &PlatformConn) -> QueryResult<Survey> {
    let question = Question::<Hash>::new(schemas);
    let hashes: Vec<Hashes> = question.load(&mut conn).await?;
    let server_version = match hashes.as_slice() {
        [first, ..] => first.server_version.clone(),
        [] => String::new(),
    };
    Ok(Survey {
        fingerprints: hashes.into_iter().map(Fingerprint::from).collect(),
        server_version,
    })
}

impl From<Hashes> for Fingerprint {
    fn from(hashes: Hashes) -> Self {
        Self {
            structure: hashes.structure_hash,
            column_order: hashes.column_order_hash,
        }
    }
}

impl TryFrom<Reading> for LiveSchema {
    type Error = diesel::result::Error;

    fn try_from(reading: Reading) -> QueryResult<Self> {
        let mut structure: SchemaDefinition = document(&reading.structure)?;
        put_in_order(&mut structure, &document(&reading.column_order)?);
        Ok(Self {
            structure,
            fingerprint: Fingerprint {
                structure: reading.structure_hash,
                column_order: reading.column_order_hash,
            },
            unmanaged: document(&reading.unmanaged)?,
            uses: document(&reading.uses)?,
        })
    }
}

fn document<T: DeserializeOwned>(text: &str) -> QueryResult<T> {
    serde_json::from_str(text)
        .map_err(|error| diesel::result::Error::DeserializationError(error.into()))
}

/// The structure lists columns by name, so that its hash does not depend on their order.
fn put_in_order(structure: &mut SchemaDefinition, order: &BTreeMap<String, Vec<String>>) {
    for table in &mut structure.tables {
        let positions: BTreeMap<&str, usize> = (order.get(&table.name).into_iter().flatten())
            .enumerate()
            .map(|(position, name)| (name.as_str(), position))
            .collect();
        (table.columns).sort_by_key(|column| positions.get(column.name.as_str()).copied());
    }
}
