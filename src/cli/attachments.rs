//! `provision attachments`: what attachments have left over in their store.

use chrono::TimeDelta;
use clap::Subcommand;
use platform_schema::TenantKey;
use serde::Serialize;

use super::ExitStatus;
use super::printer::{Printer, Row};
use super::selection;
use crate::attachments::sweep::{SweepTerms, Sweeper, Swept};
use crate::platform::Platform;

/// Subcommands of `provision attachments`.
#[derive(Debug, Subcommand)]
pub enum AttachmentsCommand {
    /// Remove attachments that were deleted long ago, and contents that no attachment names.
    ///
    /// An upload stores its content before the row that names it, so one that is cut off by a crash leaves a content without a
    /// row. The server does this once a day, if not told otherwise. What a bucket keeps of uploads that were not finished, its own rules remove.
    Sweep {
        /// Slugs, ids or schema names; without any, all active tenants.
        tenants: Vec<TenantKey>,
        /// Hours that a content without a row is left alone: more than an upload may take.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(7..))]
        grace: u16,
        /// Days that a deleted attachment is left alone, in which it can be restored.
        #[arg(long, default_value_t = 30)]
        retention: u16,
    },
}

/// What was removed of one tenant.
#[derive(Debug, Serialize)]
struct SweptTenant {
    tenant: String,
    #[serde(flatten)]
    swept: Swept,
}

impl Row for SweptTenant {
    const COLUMNS: &'static [&'static str] = &[
        "tenant",
        "attachments removed",
        "contents removed",
        "bytes",
        "unfinished uploads removed",
    ];

    fn cells(&self) -> Vec<String> {
        let swept = &self.swept;
        vec![
            self.tenant.clone(),
            swept.attachments.to_string(),
            swept.objects.to_string(),
            swept.bytes.to_string(),
            swept.unfinished.to_string(),
        ]
    }
}

impl AttachmentsCommand {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// An unknown tenant, or a failure of the database or of the store.
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        let Self::Sweep {
            tenants,
            grace,
            retention,
        } = self;
        let terms = SweepTerms {
            grace: TimeDelta::hours((*grace).into()),
            retention: TimeDelta::days((*retention).into()),
        };
        let sweeper = Sweeper::new(platform);
        let mut rows = Vec::new();
        for tenant in selection::active(tenants, platform).await? {
            rows.push(SweptTenant {
                tenant: tenant.slug.to_string(),
                swept: sweeper.sweep(&tenant, terms).await?,
            });
        }
        printer.list(&rows)?;
        Ok(ExitStatus::Done)
    }
}
