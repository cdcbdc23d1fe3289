//! `provision seed`: the rows that every tenant starts with, added where they are missing.

use clap::Subcommand;
use platform_schema::TenantKey;
use serde::Serialize;
use tenant_schema::seeds;

use super::ExitStatus;
use super::printer::{Printer, Row};
use super::selection;
use crate::platform::Platform;

/// Subcommands of `provision seed`.
#[derive(Debug, Subcommand)]
pub enum SeedCommand {
    /// Add the permissions, roles and settings that a tenant lacks. What is there is left as it is.
    Roles {
        /// Slugs, ids or schema names; without any, all active tenants.
        tenants: Vec<TenantKey>,
    },
}

/// What was added to one tenant.
#[derive(Debug, Serialize)]
struct Seeded {
    tenant: String,
    permissions: usize,
    roles: usize,
    settings: usize,
}

impl Row for Seeded {
    const COLUMNS: &'static [&'static str] = &[
        "tenant",
        "permissions added",
        "roles added",
        "settings added",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.tenant.clone(),
            self.permissions.to_string(),
            self.roles.to_string(),
            self.settings.to_string(),
        ]
    }
}

impl SeedCommand {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// An unknown tenant, or a failure of the database.
    #[expect(
        clippy::disallowed_methods,
        reason = "an operator at the command line works on every tenant"
    )]
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        let Self::Roles { tenants } = self;
        let mut rows = Vec::new();
        for tenant in selection::active(tenants, platform).await? {
            let mut conn = platform.pools.lease(&tenant.id).await?;
            let added = seeds::sow(&mut conn).await?;
            conn.finish().await?;
            rows.push(Seeded {
                tenant: tenant.slug.to_string(),
                permissions: added.permissions,
                roles: added.roles,
                settings: added.settings,
            });
        }
        printer.list(&rows)?;
        Ok(ExitStatus::Done)
    }
}
