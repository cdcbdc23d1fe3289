//! What a new tenant is ordered with, and what the one who ordered it gets.

use chrono::{DateTime, Utc};
use platform_schema::{Run, RunStatus, Tenant, TenantId, TenantSlug, TenantStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::receipt::ReceiptRequest;
pub use super::requester::Requester;
use crate::pepper::mailed_link::MailedLink;

/// A tenant to be provisioned.
#[derive(Debug, Clone)]
pub struct TenantOrder {
    /// The human key.
    pub slug: TenantSlug,
    /// Name for people, not empty.
    pub name: String,
    /// Name of the plan it subscribes to.
    pub plan: Option<String>,
    /// Labels of the operators: a JSON object.
    pub labels: Value,
    /// The user who can let the others in.
    pub admin: FirstAdmin,
    /// Who orders it.
    pub requester: Requester,
    /// How a repeated order is known.
    pub receipt: Option<ReceiptRequest>,
}

/// The first user of a tenant, with the role `admin`.
#[derive(Debug, Clone)]
pub struct FirstAdmin {
    /// E-mail address, already checked.
    pub email: String,
    /// User name, already checked.
    pub username: String,
    /// Stored form of the password; without it the admin is invited and cannot log in yet.
    pub password_hash: Option<String>,
    /// The link by which an invited admin sets one.
    pub invitation: Option<MailedLink>,
}

/// A tenant as the platform shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TenantView {
    /// The key, made by the server and never reused.
    pub id: TenantId,
    /// The human key in URLs.
    pub slug: TenantSlug,
    /// Name for people.
    pub name: String,
    /// Where the tenant is in its life.
    pub status: TenantStatus,
    /// Name of the tenant schema.
    pub schema: String,
    /// Version of the catalog that the schema was built from.
    pub version: Option<String>,
    /// Hash of the schema's structure.
    pub fingerprint: Option<String>,
    /// Name of the plan.
    pub plan: Option<String>,
    /// Labels of the operators.
    #[schema(value_type = Object)]
    pub labels: Value,
    /// When the tenant was registered.
    pub created_at: DateTime<Utc>,
    /// When the registration last changed.
    pub updated_at: DateTime<Utc>,
}

/// A tenant with the run that made or repaired it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProvisionedTenant {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: TenantView,
    /// The run.
    pub run: RunView,
}

/// A run in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// Key of the run.
    pub id: Uuid,
    /// How far it is.
    pub status: RunStatus,
}

impl From<Tenant> for TenantView {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id,
            slug: tenant.slug,
            name: tenant.name,
            status: tenant.status,
            schema: tenant.schema_name.to_string(),
            version: tenant.version,
            fingerprint: tenant.fingerprint,
            plan: tenant.plan,
            labels: tenant.labels,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        Self {
            id: run.id,
            status: run.status,
        }
    }
}
