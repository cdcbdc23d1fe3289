//! `provision audit`: whether the audit logs of tenants are whole.

use clap::Subcommand;
use platform_schema::{AuditAnchor, Tenant, TenantKey};
use serde::Serialize;
use tenant_schema::settings::{ChainFault, ChainHead};

use super::ExitStatus;
use super::printer::{Printer, Row};
use super::selection;
use crate::platform::Platform;

/// Subcommands of `provision audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Follow the chain of each audit log, and compare it with what was seen of it the last time.
    ///
    /// Each row carries a hash of itself and of the row before it, so one that was edited or removed is found. The end of a
    /// log that is whole is kept with the platform: a log that was cut or written anew since then is found as well.
    Verify {
        /// Slugs, ids or schema names; without any, all active tenants.
        tenants: Vec<TenantKey>,
    },
}

/// What was found of one tenant's log.
#[derive(Debug, Serialize)]
struct Verified {
    tenant: String,
    /// Rows that follow one another, from the first.
    rows: i64,
    is_whole: bool,
    fault: Option<String>,
}

impl Row for Verified {
    const COLUMNS: &'static [&'static str] = &["tenant", "rows", "fault"];

    fn cells(&self) -> Vec<String> {
        let fault = self.fault.clone().unwrap_or_default();
        vec![self.tenant.clone(), self.rows.to_string(), fault]
    }
}

impl AuditCommand {
    /// Runs the subcommand; ends with 3 where a log is not whole.
    ///
    /// # Errors
    /// An unknown tenant, or a failure of the database.
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        let Self::Verify { tenants } = self;
        let mut rows = Vec::new();
        for tenant in selection::active(tenants, platform).await? {
            let found = verify(&tenant, platform).await?;
            rows.push(Verified {
                tenant: tenant.slug.to_string(),
                rows: found.as_ref().map_or(0, |head| head.position),
                is_whole: found.is_ok(),
                fault: found.err().map(|fault| fault.to_string()),
            });
        }
        printer.list(&rows)?;
        Ok(if rows.iter().all(|row| row.is_whole) {
            ExitStatus::Done
        } else {
            ExitStatus::Differences
        })
    }
}

/// The head of the tenant's log, which is kept where the log is whole.
#[expect(
    clippy::disallowed_methods,
    reason = "an operator at the command line works on every tenant"
)]
async fn verify(
    tenant: &Tenant,
    platform: &Platform,
) -> anyhow::Result<Result<ChainHead, ChainFault>> {
    let shared = platform.pools.platform().await?;
    let anchor = AuditAnchor::find(&tenant.id, &shared).await?;
    let seen = anchor.map(|AuditAnchor { position, hash, .. }| ChainHead { position, hash });
    let lease = platform.pools.lease(&tenant.id).await?;
    let found = ChainHead::walk(seen.as_ref(), &lease).await?;
    lease.finish().await?;
    if let Ok(ChainHead { position, hash }) = &found
        && *position > 0
    {
        let anchor = AuditAnchor {
            tenant_id: tenant.id.clone(),
            position: *position,
            hash: hash.clone(),
        };
        anchor.keep(&shared).await?;
    }
    shared.finish().await?;
    Ok(found)
}
