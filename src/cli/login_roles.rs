//! `provision login-roles`: which login role can take how many tenants' roles.

use clap::Args;

use super::ExitStatus;
use super::printer::{Printer, Row};
use crate::platform::Platform;
use crate::provisioner::login_roles::Lending;

/// Arguments of `provision login-roles`.
#[derive(Debug, Args)]
pub struct LoginRoles {
    /// Take roles back from login roles that no longer serve the tenant. All processes must work with this `LOGIN_ROLES`.
    #[arg(long)]
    withdraw: bool,
}

impl Row for Lending {
    const COLUMNS: &'static [&'static str] = &["number", "name", "tenants", "too many"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.number.to_string(),
            self.name.clone(),
            self.tenants.to_string(),
            self.too_many.to_string(),
        ]
    }
}

impl LoginRoles {
    /// Lists the login roles, after what had to be taken back was. What is missing was lent when the platform was opened.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        if self.withdraw {
            platform.provisioner.withdraw().await?;
        }
        printer.list(&platform.provisioner.lendings().await?)?;
        Ok(ExitStatus::Done)
    }
}
