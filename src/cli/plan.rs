//! `provision plan`: what an upgrade of a tenant would do. Nothing is changed.

pub mod view;

use clap::{Args, ValueEnum};
use platform_schema::TenantKey;

use super::ExitStatus;
use super::printer::{OutputFormat, Printer};
use crate::platform::Platform;
use crate::provisioner::namespace::Namespace;
use crate::provisioner::plan::Plan;
use crate::provisioner::plan::hazard::{HazardKind, HazardKindError};
use crate::provisioner::planner::rename::Rename;
use crate::provisioner::planner::{Online, PlanOptions};
use view::PlanView;

/// Arguments of `provision plan`.
#[derive(Debug, Args)]
pub struct PlanTenant {
    /// Its slug, its id, or the name of its schema.
    tenant: TenantKey,
    #[command(flatten)]
    choices: Choices,
}

/// What a person decides about a plan.
#[derive(Debug, Args)]
pub struct Choices {
    /// Hazards that are accepted, such as `deletes-data`, or `all`; the plan says which it needs.
    #[arg(long, value_name = "HAZARD,…", value_delimiter = ',')]
    allow: Vec<Allowance>,
    /// A table or column that was renamed: `old=new` or `table.old=new`; can be repeated.
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<Rename>,
    /// Which tables are changed without keeping readers and writers waiting.
    #[arg(long, value_enum, default_value_t = OnlineChoice::Large)]
    online: OnlineChoice,
}

/// A hazard that is accepted, or all of them.
#[derive(Debug, Clone, Copy)]
enum Allowance {
    All,
    Kind(HazardKind),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OnlineChoice {
    /// Those of 8 MiB and more.
    Large,
    /// All.
    Always,
    /// None.
    Never,
}

impl std::str::FromStr for Allowance {
    type Err = HazardKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::Kind),
        }
    }
}

impl Choices {
    /// The hazards that are accepted.
    pub fn allowed(&self) -> Vec<HazardKind> {
        let kinds = self.allow.iter().flat_map(|allowance| match allowance {
            Allowance::All => HazardKind::ALL.to_vec(),
            Allowance::Kind(kind) => vec![*kind],
        });
        kinds.collect()
    }

    /// What the planner is told.
    pub fn plan_options(&self) -> PlanOptions {
        PlanOptions {
            renames: self.rename.clone(),
            online: match self.online {
                OnlineChoice::Large => Online::Large,
                OnlineChoice::Always => Online::Always,
                OnlineChoice::Never => Online::Never,
            },
            backfills: Vec::new(),
        }
    }
}

impl PlanTenant {
    /// Prints the plan; ends with 3 when there is something to do.
    ///
    /// # Errors
    /// An unknown tenant, a rename that contradicts the schemas, or a failure of the database.
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        let options = self.choices.plan_options();
        let tenant = super::tenant::find(&self.tenant, platform).await?;
        let plan = platform
            .provisioner
            .plan_tenant(&self.tenant, &options)
            .await?;
        let subject = format!("tenant {}", tenant.slug);
        let schema = Namespace::from(&tenant.schema_name);
        print(&plan, &subject, &schema, &self.choices, printer)
    }
}

/// Prints a plan, and nothing when there is nothing to do; ends with 3 when there is.
///
/// # Errors
/// A closed stdout.
pub fn print(
    plan: &Plan,
    subject: &str,
    schema: &Namespace,
    choices: &Choices,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let view = PlanView {
        subject,
        plan,
        allowed: &choices.allowed(),
    };
    match printer.format() {
        OutputFormat::Json => printer.json(plan)?,
        _ if plan.is_empty() => {}
        OutputFormat::Sql => printer.text(plan.script(schema).trim_end())?,
        OutputFormat::Table => printer.text(view.to_string().trim_end())?,
    }
    Ok(if plan.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Differences
    })
}
