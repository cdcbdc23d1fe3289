//! `provision audit`: whether the audit logs of tenants are whole.

use chrono::Utc;
use clap::Subcommand;
use platform_schema::{AuditAnchor, AuditCut, Tenant, TenantId, TenantKey};
use serde::Serialize;
use tenant_schema::settings::{ChainFault, ChainHead};

use super::ExitStatus;
use super::printer::{Printer, Row};
use super::selection;
use crate::platform::Platform;
use crate::provisioner::order::Requester;

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
    /// Remove the rows, and the calls that were logged, that are older than their tenant keeps them, by its setting `audit.retention_days`.
    ///
    /// The server does so once a day. A log that is not whole is left as it is.
    Cut {
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
    /// Rows that were removed before them, since the tenant keeps none as old.
    removed: i64,
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
        match self {
            Self::Verify { tenants } => verify_all(tenants, platform, printer).await,
            Self::Cut { tenants } => cut_all(tenants, platform, printer).await,
        }
    }
}

/// What was removed of one tenant's log.
#[derive(Debug, Serialize)]
struct CutLog {
    tenant: String,
    removed: i64,
    /// Rows that were removed from its log of calls.
    calls: usize,
    fault: Option<String>,
}

impl Row for CutLog {
    const COLUMNS: &'static [&'static str] = &["tenant", "removed", "calls removed", "fault"];

    fn cells(&self) -> Vec<String> {
        let fault = self.fault.clone().unwrap_or_default();
        vec![
            self.tenant.clone(),
            self.removed.to_string(),
            self.calls.to_string(),
            fault,
        ]
    }
}

fn status(is_well: bool) -> ExitStatus {
    if is_well {
        ExitStatus::Done
    } else {
        ExitStatus::Differences
    }
}

async fn verify_all(
    tenants: &[TenantKey],
    platform: &Platform,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let mut rows = Vec::new();
    for tenant in selection::active(tenants, platform).await? {
        let (begin, found) = verify(&tenant, platform).await?;
        let rows_of = |head: &ChainHead| head.position - begin.position;
        rows.push(Verified {
            tenant: tenant.slug.to_string(),
            rows: found.as_ref().map_or(0, rows_of),
            removed: begin.position,
            is_whole: found.is_ok(),
            fault: found.err().map(|fault| fault.to_string()),
        });
    }
    printer.list(&rows)?;
    Ok(status(rows.iter().all(|row| row.is_whole)))
}

async fn cut_all(
    tenants: &[TenantKey],
    platform: &Platform,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let mut rows = Vec::new();
    for tenant in selection::active(tenants, platform).await? {
        let (requester, now) = (Requester::command_line(), Utc::now());
        let provisioner = &platform.provisioner;
        let cut = provisioner.cut_audit_log(&tenant, now, &requester).await?;
        rows.push(CutLog {
            tenant: tenant.slug.to_string(),
            removed: *cut.as_ref().unwrap_or(&0),
            calls: provisioner.cut_api_audit_log(&tenant, now).await?,
            fault: cut.err().map(|fault| fault.to_string()),
        });
    }
    printer.list(&rows)?;
    Ok(status(rows.iter().all(|row| row.fault.is_none())))
}

/// The last row that was removed from the tenant's log.
async fn begin(tenant: &TenantId, platform: &Platform) -> anyhow::Result<ChainHead> {
    let shared = platform.pools.platform().await?;
    let cut = AuditCut::find(tenant, &shared).await?;
    shared.finish().await?;
    let cut = cut.map(|AuditCut { position, hash, .. }| ChainHead { position, hash });
    Ok(cut.unwrap_or_default())
}

/// Where the tenant's log begins, and what was found of it. A log that is cut meanwhile is followed once more.
async fn verify(
    tenant: &Tenant,
    platform: &Platform,
) -> anyhow::Result<(ChainHead, Result<ChainHead, ChainFault>)> {
    let mut cut = begin(&tenant.id, platform).await?;
    loop {
        let found = follow(tenant, &cut, platform).await?;
        let now = begin(&tenant.id, platform).await?;
        if found.is_ok() || now == cut {
            return Ok((cut, found));
        }
        cut = now;
    }
}

/// The head of the tenant's log, which is kept where the log is whole.
#[expect(
    clippy::disallowed_methods,
    reason = "an operator at the command line works on every tenant"
)]
async fn follow(
    tenant: &Tenant,
    begin: &ChainHead,
    platform: &Platform,
) -> anyhow::Result<Result<ChainHead, ChainFault>> {
    let shared = platform.pools.platform().await?;
    let anchor = AuditAnchor::find(&tenant.id, &shared).await?;
    let seen = anchor.map(|AuditAnchor { position, hash, .. }| ChainHead { position, hash });
    let lease = platform.pools.lease(&tenant.id).await?;
    let found = begin.walk(seen.as_ref(), &lease).await?;
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
