//! Plans: what tenants subscribe to, and the limits that come with it.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::schema::{plans, tenants};
use crate::{PlatformConn, Tenant, TenantKey, TenantStatus};

/// The limits of a tenant. What is `None` is the platform's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = plans, check_for_backend(Pg))]
pub struct Limits {
    /// Requests that a node serves the tenant in a minute, on average; above 0.
    pub requests_per_minute: Option<i32>,
    /// Connections that the tenant holds at most on a node; above 0.
    pub max_connections: Option<i32>,
    /// Milliseconds that a statement of the tenant may take; above 0.
    #[diesel(column_name = statement_timeout_ms)]
    pub statement_timeout: Option<i32>,
    /// Bytes that the tenant's attachments take at most, all versions and deleted ones included; not negative.
    pub max_storage_bytes: Option<i64>,
}

impl Tenant {
    /// The tenant that a request names by id or by slug, with the limits of its plan. A tenant without a plan, or with one
    /// that nobody has described, has no limits of its own.
    pub async fn find_with_limits(
        key: &TenantKey,
        mut conn: &PlatformConn,
    ) -> QueryResult<Option<(Self, Limits)>> {
        let rows = tenants::table
            .left_join(plans::table.on(tenants::plan.eq(plans::name.nullable())))
            .select((Self::as_select(), Option::<Limits>::as_select()));
        let found: Option<(Self, Option<Limits>)> = match key {
            TenantKey::Id(id) => rows
                .filter(tenants::id.eq(id))
                .first(&mut conn)
                .await
                .optional()?,
            TenantKey::Slug(slug) => rows
                .filter(tenants::slug.eq(slug))
                .filter(tenants::status.ne(TenantStatus::Purged))
                .first(&mut conn)
                .await
                .optional()?,
        };
        Ok(found.map(|(tenant, limits)| (tenant, limits.unwrap_or_default())))
    }
}
