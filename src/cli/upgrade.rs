//! `provision upgrade` and `provision repair`: a tenant's schema to the models.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use platform_schema::TenantKey;
use serde::Serialize;

use super::ExitStatus;
use super::lock_wait::LockWait;
use super::plan::Choices;
use super::printer::{Printer, Row};
use crate::platform::Platform;
use crate::provisioner::order::Requester;
use crate::provisioner::plan::Plan;
use crate::provisioner::upgrade::{UpgradeOptions, Upgraded};

/// Arguments of `provision upgrade`.
#[derive(Debug, Args)]
pub struct Upgrade {
    /// Its slug, its id, or the name of its schema.
    tenant: TenantKey,
    /// A plan that `provision plan --output json` printed, to be applied as it is.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rename", "online"])]
    plan: Option<PathBuf>,
    #[command(flatten)]
    choices: Choices,
    #[command(flatten)]
    patience: LockWait,
}

/// Arguments of `provision repair`.
#[derive(Debug, Args)]
pub struct Repair {
    /// Its slug, its id, or the name of its schema.
    tenant: TenantKey,
    #[command(flatten)]
    choices: Choices,
    #[command(flatten)]
    patience: LockWait,
}

/// What an upgrade came to.
#[derive(Debug, Serialize)]
struct Outcome {
    tenant: String,
    version: Option<String>,
    run: Option<String>,
    steps: usize,
    rows_backfilled: u64,
    retries: u32,
    duration_ms: u64,
}

impl Upgrade {
    /// Upgrades the tenant.
    ///
    /// # Errors
    /// An unknown tenant, a hazard that is not allowed, a change that cannot be made, a plan for another state, or a
    /// failure of the database.
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        let provisioner = &platform.provisioner;
        let requester = Requester::command_line();
        let options = options(&self.choices, &self.patience);
        let upgraded = match &self.plan {
            None => {
                provisioner
                    .upgrade(&self.tenant, &options, &requester)
                    .await?
            }
            Some(file) => {
                let plan = read(file)?;
                provisioner
                    .upgrade_by(&self.tenant, &plan, &options.apply, &requester)
                    .await?
            }
        };
        print(&upgraded, printer)
    }
}

impl Repair {
    /// Repairs the tenant.
    ///
    /// # Errors
    /// As of [`Upgrade::run`].
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        let requester = Requester::command_line();
        let options = options(&self.choices, &self.patience);
        let repaired = platform
            .provisioner
            .repair(&self.tenant, &options, &requester)
            .await?;
        print(&repaired, printer)
    }
}

fn options(choices: &Choices, patience: &LockWait) -> UpgradeOptions {
    UpgradeOptions {
        plan: choices.plan_options(),
        apply: patience.apply_options(choices),
    }
}

fn read(file: &PathBuf) -> anyhow::Result<Plan> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("failed to read the plan `{shown}`"))?;
    serde_json::from_str(&text).with_context(|| {
        format!("`{shown}` is no plan (hint: make one by `provision plan TENANT --output json`)")
    })
}

fn print(upgraded: &Upgraded, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let applied = &upgraded.applied;
    printer.one(&Outcome {
        tenant: upgraded.tenant.slug.to_string(),
        version: upgraded.tenant.version.clone(),
        run: upgraded.run.as_ref().map(|run| run.id.to_string()),
        steps: applied.steps_run,
        rows_backfilled: applied.rows_backfilled,
        retries: applied.retries,
        duration_ms: u64::try_from(applied.duration.as_millis()).unwrap_or(u64::MAX),
    })?;
    Ok(ExitStatus::Done)
}

impl Row for Outcome {
    const COLUMNS: &'static [&'static str] = &[
        "tenant",
        "version",
        "run",
        "steps",
        "backfilled",
        "retries",
        "milliseconds",
    ];

    fn cells(&self) -> Vec<String> {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        vec![
            self.tenant.clone(),
            or_none(&self.version),
            or_none(&self.run),
            self.steps.to_string(),
            self.rows_backfilled.to_string(),
            self.retries.to_string(),
            self.duration_ms.to_string(),
        ]
    }
}
