//! Initializing a tenant: an idempotent build or repair of what its schema lacks.
//!
//! Missing tables, constraints, indexes, the role, its rights and the seeds are made again. What is there is left as it is;
//! where the result is not the structure that the tenant was built with, nothing is changed and the difference reported.

use std::collections::HashSet;

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use platform_schema::{NewRun, Run, Tenant, TenantKey, TenantStatus};
use serde_json::json;
use tenant_schema::seeds;
use uuid::Uuid;

use super::blueprint::create_role;
use super::identifier::quote_literal;
use super::introspect::fingerprints;
use super::namespace::Namespace;
use super::order::{ProvisionedTenant, Requester};
use super::recorder::Recorder;
use super::template::Template;
use super::{ProvisionError, Provisioner, off_its_path, on_its_path, raw_sql};
use crate::config::Isolation;

#[derive(Debug, QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(Debug, QueryableByName)]
struct Presence {
    #[diesel(sql_type = Bool)]
    schema: bool,
    #[diesel(sql_type = Bool)]
    role: bool,
}

/// Names of everything in the schema that the path names: tables, indexes, constraints, enum types.
const NAMES: &str = "
    SELECT relname::text AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace
    UNION SELECT conname::text FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
    UNION SELECT typname::text FROM pg_type WHERE typnamespace = current_schema()::regnamespace AND typtype = 'e'";

impl Provisioner {
    /// Builds what the tenant's schema lacks and says in which run. Repeating it changes nothing.
    ///
    /// # Errors
    /// `UnknownTenant`, `Drift` when the structure differs in another way than by missing parts, or a failure of the
    /// database. Nothing is changed then.
    pub async fn initialize(
        &self,
        key: &TenantKey,
        requester: &Requester,
    ) -> Result<ProvisionedTenant, ProvisionError> {
        let mut platform = self.connector.connect().await?;
        platform.begin().await?;
        let tenant = Tenant::find_by_key(key, &platform)
            .await?
            .filter(can_be_initialized);
        let tenant = tenant.ok_or_else(|| ProvisionError::UnknownTenant(key.to_string()))?;
        let mut recorder = Recorder::start();
        self.repair(&tenant, &platform).await?;
        recorder.step("build what is missing");

        let mut conn = on_its_path(platform);
        seeds::sow(&mut conn).await?;
        recorder.step("seed permissions, roles and settings");

        let mut platform = off_its_path(conn);
        let tenant = self.accept(tenant, &platform).await?;
        recorder.step("compare the fingerprint");
        let run = record_run(&tenant, requester, &recorder, &platform).await?;
        platform.commit().await?;
        Ok(ProvisionedTenant {
            tenant: tenant.into(),
            run: run.into(),
        })
    }

    /// Builds what is missing and leaves the path on the tenant's schema.
    async fn repair(&self, tenant: &Tenant, conn: &PlatformConn) -> Result<(), ProvisionError> {
        conn.batch(&format!(
            "SELECT pg_advisory_xact_lock(hashtextextended({}, 0))",
            quote_literal(tenant.id.as_str())
        ))
        .await?;
        let template = Template::read(conn).await?;
        let presence = presence(tenant, conn).await?;
        let schema = tenant.schema_name.quoted();
        if !presence.schema && !presence.role {
            return Ok(conn
                .batch(&self.blueprint.create_schema(
                    &tenant.schema_name,
                    &template,
                    self.isolation,
                ))
                .await?);
        }
        conn.batch(&format!(
            "CREATE SCHEMA IF NOT EXISTS {schema}; SET LOCAL search_path = {schema}"
        ))
        .await?;
        let mut statements = self
            .blueprint
            .create_missing(&names(conn).await?, &template);
        if self.isolation == Isolation::Role {
            if !presence.role {
                statements.push(create_role(&schema));
            }
            statements.push(self.blueprint.grant(&schema));
        }
        Ok(conn.batch(&statements.join(";\n")).await?)
    }

    /// Marks the tenant active, unless its structure is not the one that it was built with.
    async fn accept(&self, tenant: Tenant, conn: &PlatformConn) -> Result<Tenant, ProvisionError> {
        let hashes = fingerprints(&[Namespace::from(&tenant.schema_name)], conn).await?;
        let fingerprint = hashes.into_iter().next().unwrap_or_default().structure;
        let drift = |difference: &str| ProvisionError::Drift {
            slug: tenant.slug.clone(),
            difference: difference.to_owned(),
        };
        let version = self.blueprint.version();
        if tenant
            .version
            .as_deref()
            .is_some_and(|built| built != version)
        {
            return Err(drift("it was built from another version of the models"));
        }
        if tenant
            .fingerprint
            .as_deref()
            .is_some_and(|built| built != fingerprint)
        {
            return Err(drift(
                "a table, column, constraint or index was changed or added by hand",
            ));
        }
        match tenant.status {
            TenantStatus::Suspended => Ok(tenant),
            _ => Ok(Tenant::mark_active(&tenant.id, version, &fingerprint, conn).await?),
        }
    }
}

fn can_be_initialized(tenant: &Tenant) -> bool {
    use TenantStatus::{Active, Provisioning, Suspended};
    matches!(tenant.status, Active | Provisioning | Suspended)
}

async fn names(mut conn: &PlatformConn) -> QueryResult<HashSet<String>> {
    let rows: Vec<Name> = raw_sql(NAMES).load(&mut conn).await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

async fn presence(tenant: &Tenant, mut conn: &PlatformConn) -> QueryResult<Presence> {
    let name = quote_literal(tenant.schema_name.as_str());
    let sql = format!(
        "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = {name}) AS schema, EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) AS role"
    );
    raw_sql(&sql).get_result(&mut conn).await
}

async fn record_run(
    tenant: &Tenant,
    requester: &Requester,
    recorder: &Recorder,
    conn: &PlatformConn,
) -> Result<Run, ProvisionError> {
    let run = NewRun {
        id: Uuid::now_v7(),
        tenant_id: Some(tenant.id.clone()),
        kind: "initialize".to_owned(),
        requested_by: requester.channel.to_owned(),
        detail: json!({ "slug": tenant.slug }),
    };
    let run = run.insert(conn).await?;
    recorder.write(run.id, conn).await?;
    Ok(Run::finish(run.id, None, conn).await?)
}
