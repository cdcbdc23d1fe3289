//! `provision init`: the platform schema and the first system admin.

use clap::Args;
use platform_schema::{SystemUser, SystemUserRole};

use super::ExitStatus;
use super::admin::{AdminView, create_system_user};
use super::credentials::PasswordSource;
use super::printer::Printer;
use crate::platform::Platform;

/// Arguments of `provision init`.
#[derive(Debug, Args)]
pub struct Init {
    /// E-mail address of the first system admin.
    #[arg(long)]
    email: String,
    #[command(flatten)]
    password: PasswordSource,
}

impl Init {
    /// Creates the first system admin. The schema was migrated when the platform was opened.
    ///
    /// # Errors
    /// A password that the policy refuses, or a failure of the database.
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        let conn = platform.pools.platform().await?;
        if SystemUser::any(&conn).await? {
            printer.message("the platform is migrated and has a system admin already; nothing was changed (hint: `provision admin create` makes another)")?;
            return Ok(ExitStatus::Done);
        }
        drop(conn);
        let admin = create_system_user(
            platform,
            &self.email,
            SystemUserRole::SuperAdmin,
            &self.password,
        )
        .await?;
        printer.one::<AdminView>(&admin)?;
        Ok(ExitStatus::Done)
    }
}
