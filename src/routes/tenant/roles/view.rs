//! A role as tenant users see one.

use chrono::{DateTime, Utc};
use platform_schema::Tenant;
use serde::Serialize;
use serde_json::Value;
use tenant_schema::identity::{GrantingRole, Role};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::identity::working_hours::WorkingHours;
use crate::resource::{ETag, Success};

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RoleView {
    id: Uuid,
    name: String,
    description: Option<String>,
    /// Rank among roles, 0 to 1,000; a higher one stands above.
    priority: i32,
    /// Whether the role came with the tenant: it is neither renamed nor deleted.
    is_system: bool,
    /// Names of the permissions that it grants, wildcards among them.
    permissions: Vec<String>,
    /// When those who have the role work; null for at any time.
    #[schema(value_type = Option<WorkingHours>)]
    working_hours: Option<Value>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

/// The version of a role.
pub(super) fn etag(role: &Role) -> ETag {
    ETag::of(role.id, role.updated_at)
}

impl RoleView {
    /// Shows a role.
    pub(super) fn new(role: GrantingRole) -> Self {
        let GrantingRole { role, permissions } = role;
        Self {
            id: role.id,
            name: role.name,
            description: role.description,
            priority: role.priority,
            is_system: role.is_system,
            permissions,
            working_hours: role.working_hours,
            created_at: role.created_at,
            updated_at: role.updated_at,
            deleted_at: role.deleted_at,
        }
    }

    /// 200 with the role and its version.
    pub(super) fn success(message: &'static str, role: GrantingRole) -> Success<Self> {
        let etag = etag(&role.role);
        Success::new(message, Self::new(role)).etag(etag)
    }

    /// 201 with the role and its version.
    pub(super) fn created(tenant: &Tenant, role: GrantingRole) -> Success<Self> {
        let (etag, slug) = (etag(&role.role), &tenant.slug);
        let location = format!("/api/v1/tenants/{slug}/roles/{}", role.role.id);
        Success::created("the role was created", location, Self::new(role)).etag(etag)
    }
}
