//! Diesel models and queries of the platform schema `shared`, one file per noun.
//!
//! What a tenant's own schema holds is not known here.

pub mod audit_anchor;
pub mod audit_cut;
pub mod backfill;
pub mod bootstrap_token;
mod clock;
pub mod idempotency_key;
pub mod job;
pub mod login_failure;
pub mod login_role;
pub mod outgoing_mail;
pub mod plan;
pub mod platform_audit_log;
pub mod platform_session;
mod quoting;
pub mod run;
pub mod run_step;
pub mod schema;
pub mod schema_name;
pub mod signing_key;
pub mod system_user;
pub mod tenant;
pub mod tenant_id;
pub mod tenant_key;
pub mod tenant_list;
pub mod tenant_slug;
pub mod tenant_status;
mod text_column;

pub use audit_anchor::AuditAnchor;
pub use audit_cut::AuditCut;
pub use backfill::BackfillProgress;
pub use bootstrap_token::BootstrapToken;
pub use connection::PlatformConn;
pub use idempotency_key::IdempotencyKey;
pub use job::Job;
pub use login_failure::{FailureKey, Leniency, LoginFailure};
pub use login_role::{LoginRole, LoginRoleNumber};
pub use outgoing_mail::OutgoingMail;
pub use plan::Limits;
pub use platform_audit_log::{
    NewPlatformAuditLog, PlatformAuditFilter, PlatformAuditLog, PlatformChange,
};
pub use platform_session::{NewPlatformSession, PlatformSession};
pub use quoting::quote_identifier;
pub use run::{NewRun, Run, RunStatus};
pub use run_step::{NewRunStep, RunStep};
pub use schema_name::SchemaName;
pub use signing_key::{NewSigningKey, SigningKey};
pub use system_user::{
    NewSystemUser, SystemUser, SystemUserChanges, SystemUserError, SystemUserFilter, SystemUserRole,
};
pub use tenant::{NewTenant, Tenant};
pub use tenant_id::TenantId;
pub use tenant_key::TenantKey;
pub use tenant_list::{TenantFilter, TenantSortKey};
pub use tenant_slug::TenantSlug;
pub use tenant_status::TenantStatus;
pub use text_column::UnknownValue;
