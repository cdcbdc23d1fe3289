//! A user as tenant users and the audit log see one. The hash never leaves the server.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use platform_schema::Tenant;
use serde::Serialize;
use serde_json::{Value, json};
use tenant_schema::identity::{Role, User};
use tenant_schema::settings::Audited;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::ApiError;
use crate::identity::working_hours::WorkingHours;
use crate::resource::{ETag, Success};

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    id: Uuid,
    email: String,
    username: String,
    first_name: Option<String>,
    last_name: Option<String>,
    middle_name: Option<String>,
    /// First and last name, or the user name.
    display_name: String,
    image: Option<String>,
    is_active: bool,
    timezone: String,
    /// When the user works, where that is not what their highest role says.
    #[schema(value_type = Option<WorkingHours>)]
    working_hours: Option<Value>,
    roles: Vec<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

/// A new user with the names of their roles, the highest first.
#[derive(Debug)]
pub(super) struct CreatedUser {
    pub(super) user: User,
    pub(super) roles: Vec<String>,
}

impl Audited for CreatedUser {
    const KIND: &'static str = User::KIND;
    const SECRETS: &'static [&'static str] = User::SECRETS;

    fn key(&self) -> String {
        self.user.key()
    }

    fn snapshot(&self) -> Value {
        let mut snapshot = self.user.snapshot();
        if let Some(fields) = snapshot.as_object_mut() {
            fields.insert("roles".to_owned(), json!(self.roles));
        }
        snapshot
    }
}

/// The version of a user.
pub(in crate::routes::tenant) fn etag(user: &User) -> ETag {
    ETag::of(user.id, user.updated_at)
}

impl UserView {
    /// Shows a user with the names of their roles.
    pub fn new(user: User, roles: Vec<String>) -> Self {
        Self {
            id: user.id,
            display_name: user.display_name(),
            email: user.email,
            username: user.username,
            first_name: user.first_name,
            last_name: user.last_name,
            middle_name: user.middle_name,
            image: user.image,
            is_active: user.is_active,
            timezone: user.timezone,
            working_hours: user.working_hours,
            roles,
            created_at: user.created_at,
            updated_at: user.updated_at,
            deleted_at: user.deleted_at,
        }
    }

    /// Shows a page of users.
    pub(super) fn many(users: Vec<User>, mut roles: HashMap<Uuid, Vec<String>>) -> Vec<Self> {
        users
            .into_iter()
            .map(|user| {
                let names = roles.remove(&user.id).unwrap_or_default();
                Self::new(user, names)
            })
            .collect()
    }

    /// 200 with the user and their version.
    pub(super) fn success(message: &'static str, user: User, roles: Vec<String>) -> Success<Self> {
        let etag = etag(&user);
        Success::new(message, Self::new(user, roles)).etag(etag)
    }

    /// 201 with the user and their version.
    pub(super) fn created(tenant: &Tenant, created: CreatedUser) -> Success<Self> {
        let CreatedUser { user, roles } = created;
        let (etag, slug) = (etag(&user), &tenant.slug);
        let location = format!("/api/v1/tenants/{slug}/users/{}", user.id);
        Success::created("the user was created", location, Self::new(user, roles)).etag(etag)
    }

    /// 200 with a user who was just changed.
    pub(super) async fn changed(
        message: &'static str,
        user: User,
        conn: &TenantConn,
    ) -> Result<Success<Self>, ApiError> {
        let roles = Role::names_of(user.id, conn).await?;
        Ok(Self::success(message, user, roles))
    }
}
