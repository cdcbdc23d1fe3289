//! A tenant's row in the registry. Lists of tenants are in `tenant_list.rs`.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use crate::schema::tenants;
use crate::{PlatformConn, SchemaName, TenantId, TenantKey, TenantSlug, TenantStatus};

/// A tenant, as the registry knows it.
#[derive(Debug, Clone, PartialEq, HasQuery, Identifiable)]
#[diesel(table_name = tenants, check_for_backend(Pg))]
pub struct Tenant {
    /// The key, made by the server and never reused.
    pub id: TenantId,
    /// The human key in URLs.
    pub slug: TenantSlug,
    /// Name for people.
    pub name: String,
    /// Where the tenant is in its life.
    pub status: TenantStatus,
    /// The tenant schema, and the tenant role.
    pub schema_name: SchemaName,
    /// Version of the catalog that the schema was last brought to.
    pub version: Option<String>,
    /// Hash of the structure of the schema at that version.
    pub fingerprint: Option<String>,
    /// Name of the subscribed plan.
    pub plan: Option<String>,
    /// Labels of the operators: an object.
    pub labels: Value,
    /// Rises with every change of the row; a cache entry of a lower generation is stale.
    pub generation: i64,
    /// When the tenant was registered.
    pub created_at: DateTime<Utc>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
    /// When the tenant first became active.
    pub activated_at: Option<DateTime<Utc>>,
    /// When deletion was asked for.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A tenant to be registered.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = tenants, check_for_backend(Pg))]
pub struct NewTenant {
    id: TenantId,
    slug: TenantSlug,
    name: String,
    status: TenantStatus,
    schema_name: SchemaName,
    plan: Option<String>,
    labels: Value,
}

impl NewTenant {
    /// A tenant with a new id, in the status `provisioning`: it is registered by whoever builds its schema.
    ///
    /// `labels` is a JSON object; `name` is not empty.
    pub fn new(slug: TenantSlug, name: String, plan: Option<String>, labels: Value) -> Self {
        let id = TenantId::generate();
        Self {
            schema_name: SchemaName::of(&id),
            id,
            slug,
            name,
            status: TenantStatus::Provisioning,
            plan,
            labels,
        }
    }

    /// The id the tenant will have.
    pub fn id(&self) -> &TenantId {
        &self.id
    }

    /// The schema the tenant will have.
    pub fn schema_name(&self) -> &SchemaName {
        &self.schema_name
    }

    /// Registers the tenant.
    ///
    /// # Errors
    /// A violation of `tenants_slug_key` when another tenant has the slug.
    pub async fn insert(&self, mut conn: &PlatformConn) -> QueryResult<Tenant> {
        diesel::insert_into(tenants::table)
            .values(self)
            .returning(Tenant::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl Tenant {
    /// The tenant of this id, whatever its status.
    pub async fn find(id: &TenantId, mut conn: &PlatformConn) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(tenants::id.eq(id))
            .first(&mut conn)
            .await
            .optional()
    }

    /// The tenant of this slug. A purged tenant has given its slug back.
    pub async fn find_by_slug(
        slug: &TenantSlug,
        mut conn: &PlatformConn,
    ) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(tenants::slug.eq(slug))
            .filter(tenants::status.ne(TenantStatus::Purged))
            .first(&mut conn)
            .await
            .optional()
    }

    /// The tenant that a request names by id or by slug.
    pub async fn find_by_key(key: &TenantKey, conn: &PlatformConn) -> QueryResult<Option<Self>> {
        match key {
            TenantKey::Id(id) => Self::find(id, conn).await,
            TenantKey::Slug(slug) => Self::find_by_slug(slug, conn).await,
        }
    }

    /// As [`Self::find_by_key`], with the row locked until the transaction ends.
    pub async fn lock(key: &TenantKey, mut conn: &PlatformConn) -> QueryResult<Option<Self>> {
        let id = Self::find_by_key(key, conn).await?.map(|tenant| tenant.id);
        tenants::table
            .filter(tenants::id.nullable().eq(id))
            .select(Self::as_select())
            .for_no_key_update()
            .first(&mut conn)
            .await
            .optional()
    }

    /// Records that the tenant schema now has this version and fingerprint, and opens a tenant that was being
    /// provisioned.
    ///
    /// # Errors
    /// `NotFound` unless the tenant is provisioning or already active: repairing a suspended tenant does not resume it.
    pub async fn mark_active(
        id: &TenantId,
        version: &str,
        fingerprint: &str,
        mut conn: &PlatformConn,
    ) -> QueryResult<Self> {
        let open = [TenantStatus::Provisioning, TenantStatus::Active];
        diesel::update(tenants::table.find(id))
            .filter(tenants::status.eq_any(open))
            .set((
                tenants::status.eq(TenantStatus::Active),
                tenants::version.eq(version),
                tenants::fingerprint.eq(fingerprint),
                tenants::generation.eq(tenants::generation + 1),
                tenants::updated_at.eq(now),
                tenants::activated_at.eq(diesel::dsl::case_when(
                    tenants::activated_at.is_null(),
                    now.into_sql::<diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>>(),
                )
                .otherwise(tenants::activated_at)),
            ))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }

    /// The tenant of this schema, unless it is purged.
    pub async fn find_by_schema(
        schema: &str,
        mut conn: &PlatformConn,
    ) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(tenants::schema_name.eq(schema))
            .filter(tenants::status.ne(TenantStatus::Purged))
            .first(&mut conn)
            .await
            .optional()
    }

    /// Records what the tenant schema is like now, and the version that it was brought to, where that is known. The
    /// status stays as it is.
    ///
    /// # Errors
    /// `NotFound` when there is no such tenant.
    pub async fn record_structure(
        id: &TenantId,
        version: Option<&str>,
        fingerprint: &str,
        mut conn: &PlatformConn,
    ) -> QueryResult<Self> {
        diesel::update(tenants::table.find(id))
            .set((
                version.map(|version| tenants::version.eq(version)),
                tenants::fingerprint.eq(fingerprint),
                tenants::generation.eq(tenants::generation + 1),
                tenants::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }

    /// Gives the tenant another status.
    ///
    /// # Errors
    /// `NotFound` when there is no such tenant or its status may not become `next`.
    pub async fn set_status(
        id: &TenantId,
        next: TenantStatus,
        mut conn: &PlatformConn,
    ) -> QueryResult<Self> {
        diesel::update(tenants::table.find(id))
            .filter(tenants::status.eq_any(TenantStatus::that_may_become(next)))
            .set((
                tenants::status.eq(next),
                tenants::generation.eq(tenants::generation + 1),
                tenants::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }
}
