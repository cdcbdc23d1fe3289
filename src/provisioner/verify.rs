//! Verifying a tenant: how its schema differs from the models, and what else an operator should know of it.

mod difference;

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use platform_schema::TenantKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::introspect::{LiveSchema, UnmanagedObject, introspect};
use super::namespace::Namespace;
use super::order::TenantView;
use super::{ProvisionError, Provisioner, raw_sql};
pub use difference::{Change, Difference};

/// What is known of a tenant's schema.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Verification {
    /// The tenant.
    pub tenant: TenantView,
    /// Fingerprint of the schema as it is now.
    pub fingerprint: String,
    /// Whether its structure is that of the models.
    pub is_current: bool,
    /// Whether it was changed since the platform last did: its fingerprint is not the recorded one.
    pub has_drifted: bool,
    /// What differs from the models, by object.
    pub differences: Vec<Difference>,
    /// Objects that the engine leaves alone.
    pub unmanaged: Vec<UnmanagedObject>,
    /// What in the schema needs something in another one. A tenant should need nothing but its own.
    pub foreign_references: Vec<ForeignReference>,
}

/// A part of a schema that needs something in another schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, QueryableByName, ToSchema)]
pub struct ForeignReference {
    /// What needs it, in PostgreSQL's words.
    #[diesel(sql_type = Text)]
    pub object: String,
    /// The other schema.
    #[diesel(sql_type = Text)]
    pub schema: String,
    /// What it needs there, in PostgreSQL's words.
    #[diesel(sql_type = Text)]
    pub needs: String,
}

/// Dependencies that leave the schema `$1`, but for those on PostgreSQL's own schemas and on extensions.
///
/// What a view does is recorded with its rule, and what a column defaults to with the default: both are traced to their
/// relation. Partitions and tables depend on each other by `pg_class` itself.
const FOREIGN_REFERENCES: &str = "
    WITH here AS (SELECT oid FROM pg_namespace WHERE nspname = $1),
    member(classid, objid) AS (
        SELECT 'pg_class'::regclass, c.oid FROM pg_class c JOIN here ON c.relnamespace = here.oid
        UNION ALL
        SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k JOIN here ON k.connamespace = here.oid
        UNION ALL
        SELECT 'pg_attrdef'::regclass, d.oid FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN here ON c.relnamespace = here.oid
        UNION ALL
        SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN here ON c.relnamespace = here.oid
        UNION ALL
        SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN here ON c.relnamespace = here.oid
         WHERE NOT t.tgisinternal
        UNION ALL
        SELECT 'pg_policy'::regclass, p.oid FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN here ON c.relnamespace = here.oid
        UNION ALL
        SELECT 'pg_proc'::regclass, f.oid FROM pg_proc f JOIN here ON f.pronamespace = here.oid
        UNION ALL
        SELECT 'pg_type'::regclass, t.oid FROM pg_type t JOIN here ON t.typnamespace = here.oid)
    SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) AS object, n.nspname::text AS schema,
           pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) AS needs
      FROM member m JOIN pg_depend d ON d.classid = m.classid AND d.objid = m.objid
      LEFT JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
      LEFT JOIN pg_type t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
      LEFT JOIN pg_proc f ON d.refclassid = 'pg_proc'::regclass AND f.oid = d.refobjid
      LEFT JOIN pg_constraint k ON d.refclassid = 'pg_constraint'::regclass AND k.oid = d.refobjid
      JOIN pg_namespace n ON n.oid = coalesce(c.relnamespace, t.typnamespace, f.pronamespace, k.connamespace)
     WHERE n.nspname <> $1 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e')
     ORDER BY 1, 2, 3";

impl Verification {
    /// Whether the schema is what the models say and needs nothing outside itself.
    pub fn is_sound(&self) -> bool {
        self.is_current && self.foreign_references.is_empty()
    }
}

impl Provisioner {
    /// Compares the tenant's schema with the models. Nothing is changed.
    ///
    /// # Errors
    /// `UnknownTenant`, or a failure of the database.
    pub async fn verify(&self, key: &TenantKey) -> Result<Verification, ProvisionError> {
        let conn = self.connector.connect().await?;
        let tenant = self.upgradable(key, &conn).await?;
        let schema = Namespace::from(&tenant.schema_name);
        let reference = self.reference(&conn).await?;
        let read = introspect(std::slice::from_ref(&schema), &conn).await?;
        let live = read.into_iter().next().ok_or(diesel::NotFound)?;
        let foreign_references = foreign_references(&schema, &conn).await?;
        Ok(verification(
            tenant.into(),
            live,
            &reference,
            foreign_references,
        ))
    }
}

fn verification(
    tenant: TenantView,
    live: LiveSchema,
    reference: &LiveSchema,
    foreign_references: Vec<ForeignReference>,
) -> Verification {
    let fingerprint = live.fingerprint.structure;
    Verification {
        is_current: fingerprint == reference.fingerprint.structure,
        has_drifted: tenant
            .fingerprint
            .as_ref()
            .is_some_and(|known| *known != fingerprint),
        differences: difference::between(&live.structure, &reference.structure),
        unmanaged: live.unmanaged,
        foreign_references,
        fingerprint,
        tenant,
    }
}

async fn foreign_references(
    schema: &Namespace,
    mut conn: &PlatformConn,
) -> QueryResult<Vec<ForeignReference>> {
    raw_sql(FOREIGN_REFERENCES)
        .bind::<Text, _>(schema.as_str())
        .load(&mut conn)
        .await
}
