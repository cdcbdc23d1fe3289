//! What the errors of the layers below become at the edge.
//!
//! A room above says it of its own errors, in its `failures.rs`. Nothing else decides on a status.

use std::time::Duration;

use platform_schema::SystemUserError;

use super::{ApiError, Code, outage};
use crate::pepper::mailed_link::MailedLinkError;
use crate::pepper::password::PasswordError;
use crate::pepper::sealing::SealError;
use crate::provisioner::ProvisionError;
use crate::rate::RateExceeded;
use crate::store::StoreError;
use crate::tenancy::coherent_cache::LoadError;
use crate::tenancy::{PoolError, RateLimited, ResolveError, SettleError};

/// How long a client waits for a tenant that is being made.
const PROVISIONING: Duration = Duration::from_secs(2);

/// What to do about a schema that initializing does not mend.
const UPGRADE_IT: &str = "(hint: read the tenant's plan, and upgrade it by `provision upgrade`)";

/// What to do where two changed a schema at once.
const MEANWHILE: &str =
    "the tenant's schema was changed by somebody else in the meantime (hint: repeat the request)";

impl From<ResolveError> for ApiError {
    fn from(error: ResolveError) -> Self {
        let code = match &error {
            ResolveError::Unknown => Code::TenantNotFound,
            ResolveError::Suspended => Code::TenantSuspended,
            ResolveError::Archived => Code::TenantArchived,
            ResolveError::Provisioning => {
                return Self::new(Code::TenantProvisioning).retry_after(PROVISIONING);
            }
            ResolveError::Load(_) => Code::Unavailable,
        };
        Self::new(code).because(error)
    }
}

impl From<PoolError> for ApiError {
    fn from(error: PoolError) -> Self {
        let code = match &error {
            PoolError::Exhausted { .. } => Code::PoolExhausted,
            PoolError::Database(_) => Code::Unavailable,
            PoolError::Bind(cause) => outage::of_query(cause),
        };
        Self::new(code).because(error)
    }
}

impl From<LoadError> for ApiError {
    fn from(error: LoadError) -> Self {
        let exhausted = matches!(&error, LoadError::Pool(pool) if matches!(**pool, PoolError::Exhausted { .. }));
        let code = if exhausted {
            Code::PoolExhausted
        } else {
            Code::Unavailable
        };
        Self::new(code).because(error)
    }
}

impl From<SealError> for ApiError {
    fn from(error: SealError) -> Self {
        Self::internal(error)
    }
}

impl From<MailedLinkError> for ApiError {
    fn from(error: MailedLinkError) -> Self {
        Self::internal(error)
    }
}

impl From<RateLimited> for ApiError {
    fn from(error: RateLimited) -> Self {
        Self::new(Code::RateLimited)
            .retry_after(error.0.wait)
            .detail(error.to_string())
    }
}

/// The cause stays as it is: constraints are known by it.
impl From<SystemUserError> for ApiError {
    fn from(error: SystemUserError) -> Self {
        match error {
            SystemUserError::LastSuperAdmin => Self::new(Code::Conflict).detail(error.to_string()),
            SystemUserError::Query(cause) => cause.into(),
        }
    }
}

impl From<RateExceeded> for ApiError {
    fn from(error: RateExceeded) -> Self {
        Self::new(Code::RateLimited).retry_after(error.wait)
    }
}

/// A database that is gone or late is 503, whatever else kept a transaction from being committed is ours to fix.
impl From<SettleError> for ApiError {
    fn from(error: SettleError) -> Self {
        let code = match &error {
            SettleError::Refused(cause) | SettleError::RolledBack(cause) => outage::of_query(cause),
            SettleError::Left => Code::Internal,
        };
        Self::new(code).because(error)
    }
}

/// A content that a row names and the store does not have is ours to find again; everything else may pass by itself.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Object(object_store::Error::NotFound { .. }) => Self::internal(error),
            _ => Self::new(Code::Unavailable).because(error),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Overloaded => Self::new(Code::Overloaded),
            error => Self::internal(error),
        }
    }
}

impl From<ProvisionError> for ApiError {
    fn from(error: ProvisionError) -> Self {
        match &error {
            ProvisionError::SlugTaken(_) => Self::new(Code::Conflict).field("slug", "is taken"),
            ProvisionError::KeyInProgress => Self::new(Code::IdempotencyInProgress),
            ProvisionError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            ProvisionError::UnknownTenant(_) | ProvisionError::UnknownSchema(_) => {
                Self::new(Code::TenantNotFound)
            }
            ProvisionError::Drift { difference, .. } => {
                let detail = format!(
                    "initializing deletes no data and holds nobody up: {difference} {UPGRADE_IT}"
                );
                Self::new(Code::Conflict).detail(detail)
            }
            ProvisionError::Rename(reason) => Self::new(Code::Conflict).detail(reason.clone()),
            ProvisionError::Busy(_) => Self::new(Code::TenantUpgrading).because(error),
            ProvisionError::StalePlan(_) => Self::new(Code::Conflict).detail(MEANWHILE),
            ProvisionError::Refused(_)
            | ProvisionError::Forbidden { .. }
            | ProvisionError::ReservedSchema { .. }
            | ProvisionError::Status { .. }
            | ProvisionError::Locked(_) => {
                let detail = error.to_string();
                Self::new(Code::Conflict).detail(detail)
            }
            ProvisionError::Admin(_) => Self::new(Code::ValidationFailed)
                .field("admin", "cannot be created")
                .because(error),
            ProvisionError::Database(_) => Self::new(Code::Unavailable).because(error),
            ProvisionError::Query(cause) => Self::new(outage::of_query(cause)).because(error),
            ProvisionError::Session(cause) => Self::new(outage::of_session(cause)).because(error),
            ProvisionError::Step { .. }
            | ProvisionError::NotConverged(_)
            | ProvisionError::Receipt(_)
            | ProvisionError::RolesForbidden(_) => Self::internal(error),
        }
    }
}
