//! The inventory: how many rows and bytes each table of a schema holds.

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::namespace::Namespace;
use super::raw_sql;

/// What one table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, QueryableByName)]
pub struct TableSize {
    /// Name of the table.
    #[diesel(sql_type = Text)]
    pub table: String,
    /// Rows: counted in tables below 8 MiB, estimated by the server's statistics in larger ones.
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
    /// Bytes on disk, with indexes and what is stored out of line.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
}

/// `query_to_xml` is the one function that runs a statement made of text and gives its result; so all tables are counted in
/// one round trip.
const SIZES: &str = "
    SELECT c.relname::text AS table,
           CASE WHEN pg_table_size(c.oid) < 8 * 1024 * 1024 OR c.reltuples < 0
                THEN (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I.%I', n.nspname, c.relname), false, true, '')))[1]::text::bigint
                ELSE c.reltuples::bigint END AS rows,
           pg_total_relation_size(c.oid)::bigint AS bytes
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind = 'r'
     ORDER BY c.relname COLLATE \"C\"";

/// The tables of a schema, by name.
///
/// # Errors
/// What the database says.
pub async fn sizes(schema: &Namespace, mut conn: &PlatformConn) -> QueryResult<Vec<TableSize>> {
    raw_sql(SIZES)
        .bind::<Text, _>(schema.as_str())
        .load(&mut conn)
        .await
}
