//! The engine that builds tenant schemas: models to DDL, DDL to a tenant, all of it in one transaction.
//!
//! DDL and raw SQL live here and nowhere else.

mod api_audit_log_cut;
mod api_audit_log_wish;
pub mod apply;
pub mod audit_cut;
pub mod backfill;
mod backoff;
pub mod blueprint;
pub mod compare;
pub mod create;
pub mod ddl;
pub mod doctor;
pub mod identifier;
pub mod initialize;
pub mod introspect;
pub mod inventory;
pub mod login_roles;
pub mod namespace;
pub mod order;
pub mod orphans;
pub mod plan;
pub mod planner;
pub mod receipt;
pub mod reference;
mod rename_check;
pub mod repair;
pub mod requester;
mod schema_lock;
pub mod step_recorder;
pub mod suspension;
pub mod template;
pub mod upgrade;
pub mod verify;

use std::sync::Arc;

use connection::{PlatformConn, TenantConn};
use diesel::query_builder::SqlQuery;
use platform_schema::{TenantSlug, TenantStatus};
use tenant_schema::catalog::Catalog;

use crate::config::{Isolation, PoolConfig};
use crate::database::{Connector, DatabaseError};
use apply::contention::Contention;
use blueprint::Blueprint;
use plan::hazard::{HazardKind, Refusal};
use reference::{DesiredCache, TemplateCache};

/// Builds tenants on one database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Provisioner {
    connector: Connector,
    isolation: Isolation,
    blueprint: Arc<Blueprint>,
    desired: Arc<DesiredCache>,
    template: Arc<TemplateCache>,
}

/// Why a tenant was not built.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// Another tenant has the slug.
    #[error("the slug `{0}` is taken (hint: choose another one)")]
    SlugTaken(TenantSlug),
    /// The same idempotency key is at work in another request.
    #[error("a request with this idempotency key is still running (hint: repeat it in a moment)")]
    KeyInProgress,
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used for a different request (hint: use a new key)")]
    KeyReused,
    /// No tenant has this name.
    #[error("no tenant is called `{0}` (hint: `provision tenant list` names them)")]
    UnknownTenant(String),
    /// The tenant is in a part of its life in which that is not possible.
    #[error(
        "the tenant `{slug}` is {status} (hint: only an active tenant is suspended, and a suspended one resumed)"
    )]
    Status {
        /// The tenant.
        slug: TenantSlug,
        /// Its status.
        status: TenantStatus,
    },
    /// No schema has this name.
    #[error(
        "no schema is called `{0}` (hint: `\\dn` in psql names them; take the name without quotes)"
    )]
    UnknownSchema(String),
    /// The schema is not the engine's to look at, or not to change.
    #[error("the schema `{schema}` is {reason}")]
    ReservedSchema {
        /// The schema.
        schema: String,
        /// Whose it is.
        reason: &'static str,
    },
    /// A rename contradicts the structures.
    #[error("{0}")]
    Rename(String),
    /// The tenant's schema differs from the models in a way that building missing tables does not cure.
    #[error(
        "the schema of `{tenant}` differs from the models: {difference} (hint: `provision plan {tenant}` shows what would mend it)"
    )]
    Drift {
        /// The tenant.
        tenant: String,
        /// What differs, by object.
        difference: String,
    },
    /// Somebody else changes the schema.
    #[error(
        "the schema `{0}` is being changed by somebody else (hint: repeat it when they are done)"
    )]
    Busy(String),
    /// The plan holds changes that cannot be made.
    #[error("the plan cannot be applied: {}", in_words(.0))]
    Refused(Vec<Refusal>),
    /// The plan holds hazards that somebody has to allow.
    #[error("the plan holds what somebody has to allow: {} (hint: `--allow {}`)", steps.join("; "), names(kinds))]
    Forbidden {
        /// Kinds of hazard that were not allowed.
        kinds: Vec<HazardKind>,
        /// The steps that have them.
        steps: Vec<String>,
    },
    /// The schema is not in the state that the plan starts from.
    #[error(
        "the schema `{0}` is not in the state that the plan starts from: the plan has been applied, or somebody else has changed the schema (hint: make a new plan)"
    )]
    StalePlan(String),
    /// All steps are done, and the schema is not what the plan promises.
    #[error(
        "all steps are done, and the schema `{0}` is not what the plan promises (hint: plan again and read what is left)"
    )]
    NotConverged(String),
    /// A lock was not to be had in time.
    #[error("{0}")]
    Locked(Box<Contention>),
    /// The database refused a step.
    #[error("the step `{step}` failed: {reason}")]
    Step {
        /// The step's name.
        step: String,
        /// What the database said.
        reason: String,
    },
    /// A row of the new tenant is refused by a constraint.
    #[error("the first admin cannot be created: {0}")]
    Admin(String),
    /// The login role may not make the tenants' roles.
    #[error(
        "the login role `{0}` may not create roles, which isolation by role needs (hint: run `ALTER ROLE {0} CREATEROLE` as a superuser, or start with `--isolation path`)"
    )]
    RolesForbidden(String),
    /// The database cannot be reached.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A stored answer cannot be read or written.
    #[error("a stored answer cannot be read: {0}")]
    Receipt(#[from] serde_json::Error),
    /// The connection that applies plans failed.
    #[error("the database refused a statement: {0}")]
    Session(#[from] tokio_postgres::Error),
    /// The database refused a statement.
    #[error("the database refused a statement: {0}")]
    Query(#[from] diesel::result::Error),
}

pub(crate) fn in_words(refusals: &[Refusal]) -> String {
    let words: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    words.join("; ")
}

fn names(kinds: &[HazardKind]) -> String {
    let names = kinds.iter().map(|kind| kind.name());
    names.collect::<Vec<_>>().join(",")
}

impl Provisioner {
    /// A provisioner of the compiled-in models, once the database is fit for it: the login role may make roles, nobody
    /// else makes temporary tables, and the tenants are dealt to their login roles.
    ///
    /// # Errors
    /// `RolesForbidden`, a login role that the server does not let in, or a failure of the database.
    pub async fn open(connector: &Connector, config: &PoolConfig) -> Result<Self, ProvisionError> {
        let mut conn = connector.connect().await?;
        doctor::prepare(config.isolation, &conn).await?;
        Ok(Self {
            connector: login_roles::open(connector, config.login_roles, &mut conn).await?,
            isolation: config.isolation,
            blueprint: Arc::new(Blueprint::of(Catalog::of_models())),
            desired: Arc::default(),
            template: Arc::default(),
        })
    }

    /// How connections are opened, under the login role of each tenant.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// What new tenants are built from.
    pub fn blueprint(&self) -> &Blueprint {
        &self.blueprint
    }
}

/// A statement that Diesel's builder cannot write: PostgreSQL's own catalog, and DDL.
#[expect(
    clippy::disallowed_methods,
    reason = "the provisioner is where raw SQL lives"
)]
fn raw_sql(sql: &str) -> SqlQuery {
    diesel::sql_query(sql)
}

/// The same connection and transaction, for queries of a tenant whose schema the path names by now.
#[expect(
    clippy::disallowed_methods,
    reason = "the provisioner has set the path in this transaction"
)]
fn on_its_path(conn: PlatformConn) -> TenantConn {
    TenantConn::assume(conn.into_inner())
}

/// The same connection and transaction, for queries of the platform, which are qualified whatever the path is.
#[expect(
    clippy::disallowed_methods,
    reason = "the provisioner works under the login role throughout"
)]
fn off_its_path(conn: TenantConn) -> PlatformConn {
    PlatformConn::assume(conn.into_inner())
}
