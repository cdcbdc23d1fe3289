//! A team as tenant users see one.

use chrono::{DateTime, Utc};
use platform_schema::Tenant;
use serde::Serialize;
use tenant_schema::identity::Team;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::resource::{ETag, Success};

/// A team.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TeamView {
    id: Uuid,
    name: String,
    description: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

/// The version of a team.
pub(in crate::routes::tenant) fn etag(team: &Team) -> ETag {
    ETag::of(team.id, team.updated_at)
}

impl TeamView {
    /// Shows a team.
    pub(super) fn new(team: Team) -> Self {
        Self {
            id: team.id,
            name: team.name,
            description: team.description,
            created_at: team.created_at,
            updated_at: team.updated_at,
            deleted_at: team.deleted_at,
        }
    }

    /// 200 with the team and its version.
    pub(super) fn success(message: &'static str, team: Team) -> Success<Self> {
        let etag = etag(&team);
        Success::new(message, Self::new(team)).etag(etag)
    }

    /// 201 with the team and its version.
    pub(super) fn created(tenant: &Tenant, team: Team) -> Success<Self> {
        let (etag, slug) = (etag(&team), &tenant.slug);
        let location = format!("/api/v1/tenants/{slug}/teams/{}", team.id);
        Success::created("the team was created", location, Self::new(team)).etag(etag)
    }
}
