//! The `provision` command line: arguments here, one file per noun below, all output through the printer.

pub mod admin;
pub mod attachments;
pub mod audit;
pub mod credentials;
pub mod diff;
pub mod doctor;
pub mod init;
pub mod keys;
pub mod lock_wait;
pub mod login_roles;
pub mod orphans;
pub mod plan;
pub mod printer;
pub mod progress;
pub mod seed;
pub mod selection;
pub mod tenant;
pub mod upgrade;
pub mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::Config;
use crate::platform::Platform;
use printer::{OutputFormat, Printer};

/// Provisions, lists and examines the tenants of a Rowhouse platform.
#[derive(Debug, Parser)]
#[command(name = "provision", version, max_term_width = 100)]
pub struct Provision {
    #[command(flatten)]
    config: Config,
    /// How data is printed; messages go to stderr in any case.
    #[arg(long, global = true, help_heading = "General", value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate the platform schema and create the first system admin.
    Init(init::Init),
    /// System users.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// The keys that sign access tokens.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Audit logs of tenants.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Contents of attachments.
    #[command(subcommand)]
    Attachments(attachments::AttachmentsCommand),
    /// Tenants.
    #[command(subcommand)]
    Tenant(tenant::TenantCommand),
    /// Rows that every tenant starts with.
    #[command(subcommand)]
    Seed(seed::SeedCommand),
    /// Show what an upgrade of a tenant would do.
    Plan(plan::PlanTenant),
    /// Give a tenant's schema the structure of the models.
    Upgrade(upgrade::Upgrade),
    /// Compare a tenant's schema with the models.
    Verify(verify::Verify),
    /// Make a tenant whole again: schema, role, rights, structure, seeds.
    Repair(upgrade::Repair),
    /// Show or make the changes that turn one schema of the database into another.
    Diff(diff::Diff),
    /// Schemas and roles without a tenant, and tenants without a schema.
    Orphans,
    /// Login roles that the tenants are dealt to, and how many each serves.
    LoginRoles(login_roles::LoginRoles),
    /// Examine the database: version, rights, settings, migrations.
    Doctor,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

impl Command {
    /// Whether `--output sql` means something. Asked before anything is done.
    fn has_sql(&self) -> bool {
        match self {
            Self::Plan(_) => true,
            Self::Diff(diff) => !diff.applies(),
            _ => false,
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done.
    Done,
    /// Failed; the message is on stderr.
    Failed,
    /// Done, and there are differences to look at.
    Differences,
}

impl From<ExitStatus> for ExitCode {
    /// 0 done, 1 failed, 3 differences; clap itself ends with 2 on wrong usage.
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Done => 0,
            ExitStatus::Failed => 1,
            ExitStatus::Differences => 3,
        })
    }
}

impl Provision {
    /// How the command logs.
    pub fn log(&self) -> &crate::config::LogConfig {
        &self.config.log
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Whatever kept it from being done, with what to do about it.
    pub async fn run(self) -> anyhow::Result<ExitStatus> {
        let printer = Printer::new(self.output);
        if let Command::Completions { shell } = self.command {
            clap_complete::generate(
                shell,
                &mut Self::command(),
                "provision",
                &mut std::io::stdout(),
            );
            return Ok(ExitStatus::Done);
        }
        if self.output == OutputFormat::Sql && !self.command.has_sql() {
            anyhow::bail!(
                "this command has no SQL to print (hint: `--output table` or `--output json`)"
            );
        }
        self.config.check()?;
        let platform = Platform::open(&self.config).await?;
        match self.command {
            Command::Init(init) => init.run(&platform, &printer).await,
            Command::Admin(command) => command.run(&platform, &printer).await,
            Command::Keys(command) => command.run(&platform, &printer).await,
            Command::Audit(command) => command.run(&platform, &printer).await,
            Command::Attachments(command) => command.run(&platform, &printer).await,
            Command::Tenant(command) => command.run(&platform, &printer).await,
            Command::Seed(command) => command.run(&platform, &printer).await,
            Command::Plan(plan) => plan.run(&platform, &printer).await,
            Command::Upgrade(upgrade) => upgrade.run(&platform, &printer).await,
            Command::Verify(verify) => verify.run(&platform, &printer).await,
            Command::Repair(repair) => repair.run(&platform, &printer).await,
            Command::Diff(diff) => diff.run(&platform, &printer).await,
            Command::Orphans => orphans::run(&platform, &printer).await,
            Command::LoginRoles(roles) => roles.run(&platform, &printer).await,
            Command::Doctor => doctor::run(&platform, &printer).await,
            Command::Completions { .. } => Ok(ExitStatus::Done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Provision::command().debug_assert();
    }
}
