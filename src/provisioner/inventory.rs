//! The inventory: what a tenant's schema is like, and how many rows and bytes each of its tables holds.

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use platform_schema::{TenantId, TenantKey, TenantSlug};
use serde::Serialize;
use utoipa::ToSchema;

use super::apply::gate;
use super::namespace::Namespace;
use super::{ProvisionError, Provisioner, raw_sql};

/// What a tenant's schema is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Inventory {
    /// Key of the tenant.
    pub tenant: TenantId,
    /// The tenant's human key.
    pub slug: TenantSlug,
    /// Name of the schema.
    pub schema: String,
    /// Version of the catalog that the schema was last built from or upgraded to.
    pub version: Option<String>,
    /// Fingerprint of the schema as it is now.
    pub fingerprint: String,
    /// Whether its structure is that of the models.
    pub is_current: bool,
    /// Whether it was changed since the platform last did: its fingerprint is not the recorded one.
    pub has_drifted: bool,
    /// The tables, by name.
    pub tables: Vec<TableSize>,
}

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

impl Provisioner {
    /// What the tenant's schema is like and how much it holds. Nothing is changed.
    ///
    /// # Errors
    /// `UnknownTenant`, or a failure of the database.
    pub async fn inventory(&self, key: &TenantKey) -> Result<Inventory, ProvisionError> {
        let conn = self.connector.connect().await?;
        let tenant = self.upgradable(key, &conn).await?;
        let schema = Namespace::from(&tenant.schema_name);
        let reference = self.reference(&conn).await?;
        let fingerprint = gate::live_fingerprint(&schema, &conn).await?.structure;
        let known = tenant.fingerprint.as_ref();
        Ok(Inventory {
            tables: sizes(&schema, &conn).await?,
            is_current: fingerprint == reference.fingerprint.structure,
            has_drifted: known.is_some_and(|known| *known != fingerprint),
            tenant: tenant.id,
            slug: tenant.slug,
            schema: schema.as_str().to_owned(),
            version: tenant.version,
            fingerprint,
        })
    }
}
