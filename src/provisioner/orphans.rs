//! Orphans: tenant schemas and tenant roles that no tenant of the registry owns, and tenants without a schema.

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use serde::Serialize;

use super::{ProvisionError, Provisioner, raw_sql};

/// Something that has lost its other half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, QueryableByName)]
pub struct Orphan {
    /// `schema`, `role` or `tenant`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Name of the schema or role, or id of the tenant.
    #[diesel(sql_type = Text)]
    pub name: String,
}

/// Roles belong to the whole server, which may hold several platforms: a role counts as this platform's only while it
/// has rights in this database, as `pg_shdepend` knows.
const ORPHANS: &str = "
    SELECT 'schema' AS kind, n.nspname::text AS name
      FROM pg_namespace n
     WHERE n.nspname ~ '^tenant_[0-9][0-9a-z]{11}$'
       AND NOT EXISTS (SELECT FROM shared.tenants t WHERE t.schema_name = n.nspname AND t.status <> 'purged')
    UNION ALL
    SELECT DISTINCT 'role', r.rolname::text
      FROM pg_roles r
      JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
      JOIN pg_database b ON b.oid = d.dbid AND b.datname = current_database()
     WHERE r.rolname ~ '^tenant_[0-9][0-9a-z]{11}$'
       AND NOT EXISTS (SELECT FROM shared.tenants t WHERE t.schema_name = r.rolname AND t.status <> 'purged')
    UNION ALL
    SELECT 'tenant', t.id::text
      FROM shared.tenants t
     WHERE t.status IN ('active', 'suspended')
       AND NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = t.schema_name)
     ORDER BY 1, 2";

impl Provisioner {
    /// Everything that has lost its other half, in the order of kind and name.
    ///
    /// # Errors
    /// `Database` or `Query`.
    pub async fn orphans(&self) -> Result<Vec<Orphan>, ProvisionError> {
        let conn = self.connector.connect().await?;
        Ok(load(&conn).await?)
    }
}

async fn load(mut conn: &PlatformConn) -> QueryResult<Vec<Orphan>> {
    raw_sql(ORPHANS).load(&mut conn).await
}
