//! Facts: what the two structures do not say and the planner asks the database for, in two queries.

use std::collections::HashMap;

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::super::namespace::Namespace;
use super::super::raw_sql;

/// Tables of this size and more are changed without keeping readers and writers waiting: a scan of it takes some ten
/// milliseconds, a rewrite some hundred.
const LARGE_BYTES: i64 = 8 * 1024 * 1024;

/// What the database says beyond the structures.
#[derive(Debug, Default)]
pub(super) struct Facts {
    sizes: HashMap<String, i64>,
    casts: HashMap<(String, String), Cast>,
}

/// How PostgreSQL gets from one type to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cast {
    /// Whether an assignment does it; otherwise only an explicit cast does.
    pub(super) by_assignment: bool,
    /// Whether the stored bytes stay as they are.
    pub(super) keeps_bytes: bool,
    /// Whether it happens unasked in every expression, which PostgreSQL reserves for casts that lose nothing
    /// (PostgreSQL manual, `CREATE CAST`).
    pub(super) is_implicit: bool,
}

#[derive(Debug, QueryableByName)]
struct SizeRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

#[derive(Debug, QueryableByName)]
struct CastRow {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    target: String,
    #[diesel(sql_type = Nullable<Text>)]
    context: Option<String>,
    #[diesel(sql_type = Bool)]
    keeps_bytes: bool,
}

const SIZES: &str = "
    SELECT c.relname::text AS name, pg_table_size(c.oid)::bigint AS bytes
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind = 'r'";

/// The cast between two types, from the catalog of casts or, for arrays, from that of their elements. A type and itself
/// (with another modifier) are cast by assignment.
const CASTS: &str = "
    SELECT p.source, p.target, k.castcontext::text AS context,
           coalesce(k.castmethod = 'b', false) OR s.oid = t.oid AS keeps_bytes
      FROM unnest($1, $2) AS p(source, target)
      JOIN pg_type s ON s.oid = to_regtype(p.source)
      JOIN pg_type t ON t.oid = to_regtype(p.target)
      LEFT JOIN pg_cast k ON k.castsource = CASE WHEN s.typcategory = 'A' AND t.typcategory = 'A' THEN s.typelem ELSE s.oid END
                         AND k.casttarget = CASE WHEN s.typcategory = 'A' AND t.typcategory = 'A' THEN t.typelem ELSE t.oid END
     WHERE k.oid IS NOT NULL OR s.oid = t.oid";

impl Facts {
    /// Asks for the sizes of the tables in `schema` and the casts between `types`.
    pub(super) async fn gather(
        schema: &Namespace,
        types: &[(String, String)],
        mut conn: &PlatformConn,
    ) -> QueryResult<Self> {
        let sizes: Vec<SizeRow> = raw_sql(SIZES)
            .bind::<Text, _>(schema.as_str())
            .load(&mut conn)
            .await?;
        let (sources, targets): (Vec<&str>, Vec<&str>) = (types.iter())
            .map(|(source, target)| (source.as_str(), target.as_str()))
            .unzip();
        let casts: Vec<CastRow> = if types.is_empty() {
            Vec::new()
        } else {
            raw_sql(CASTS)
                .bind::<Array<Text>, _>(sources)
                .bind::<Array<Text>, _>(targets)
                .load(&mut conn)
                .await?
        };
        Ok(Self {
            sizes: sizes.into_iter().map(|row| (row.name, row.bytes)).collect(),
            casts: casts.into_iter().map(CastRow::into_entry).collect(),
        })
    }

    /// Whether a table of this name, as it is called now, is large.
    pub(super) fn is_large(&self, table: &str) -> bool {
        self.bytes(table) >= LARGE_BYTES
    }

    /// Bytes of a table without its indexes.
    pub(super) fn bytes(&self, table: &str) -> i64 {
        self.sizes.get(table).copied().unwrap_or(0)
    }

    /// The cast between two types, if PostgreSQL has one.
    pub(super) fn cast(&self, source: &str, target: &str) -> Option<Cast> {
        let key = (source.to_owned(), target.to_owned());
        self.casts.get(&key).copied()
    }
}

impl CastRow {
    fn into_entry(self) -> ((String, String), Cast) {
        let cast = Cast {
            by_assignment: self.context.as_deref() != Some("e"),
            keeps_bytes: self.keeps_bytes,
            is_implicit: self.context.as_deref().is_none_or(|context| context == "i"),
        };
        ((self.source, self.target), cast)
    }
}
