//! `provision tenant`: create, list, show, suspend and resume tenants.

use anyhow::bail;
use clap::{Args, Subcommand};
use platform_schema::{Tenant, TenantFilter, TenantKey, TenantSlug, TenantSortKey, TenantStatus};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::json;

use super::ExitStatus;
use super::credentials::PasswordSource;
use super::printer::{Printer, Row};
use crate::identity::email;
use crate::platform::Platform;
use crate::provisioner::inventory::{self, TableSize};
use crate::provisioner::namespace::Namespace;
use crate::provisioner::order::{
    FirstAdmin, ProvisionedTenant, Requester, TenantOrder, TenantView,
};

/// Subcommands of `provision tenant`.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Provision a tenant with its schema and its first admin.
    Create(CreateTenant),
    /// List the tenants.
    List {
        /// Part of the slug or the name.
        #[arg(long)]
        search: Option<String>,
        /// Tenants of this status alone.
        #[arg(long)]
        status: Option<TenantStatus>,
        /// Tenants listed at most.
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(i64).range(1..=100_000))]
        limit: i64,
    },
    /// Show one tenant.
    Show {
        /// Its slug, its id, or the name of its schema.
        tenant: TenantKey,
        /// Its tables instead, with their rows and bytes.
        #[arg(long)]
        tables: bool,
    },
    /// Suspend an active tenant: its users are refused, and its data stay as they are.
    Suspend {
        /// Its slug, its id, or the name of its schema.
        tenant: TenantKey,
    },
    /// Resume a suspended tenant.
    Resume {
        /// Its slug, its id, or the name of its schema.
        tenant: TenantKey,
    },
}

/// Arguments of `provision tenant create`.
#[derive(Debug, Args)]
pub struct CreateTenant {
    /// The human key in URLs: 3 to 40 of `a-z`, `0-9` and `-`, beginning with a letter.
    #[arg(long)]
    slug: TenantSlug,
    /// Name for people; without it, the slug.
    #[arg(long)]
    name: Option<String>,
    /// E-mail address of the first admin; without it, `admin@<slug>.invalid`.
    #[arg(long)]
    admin_email: Option<String>,
    /// User name of the first admin.
    #[arg(long, default_value = "admin")]
    admin_username: String,
    /// A label as `key=value`; can be repeated.
    #[arg(long, value_parser = label)]
    label: Vec<(String, String)>,
    #[command(flatten)]
    password: PasswordSource,
}

impl TenantCommand {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// A slug that is taken, an unknown tenant, wrong arguments, or a failure of the database.
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        match self {
            Self::Create(arguments) => printer.one(&arguments.create(platform).await?)?,
            Self::List {
                search,
                status,
                limit,
            } => {
                let filter = TenantFilter {
                    search: search.clone(),
                    status: *status,
                };
                printer.list(&list(&filter, *limit, platform).await?)?;
            }
            Self::Show { tenant, tables } => {
                let tenant = find(tenant, platform).await?;
                if *tables {
                    let schema = Namespace::from(&tenant.schema_name);
                    let conn = platform.pools.platform().await?;
                    printer.list(&inventory::sizes(&schema, &conn).await?)?;
                } else {
                    printer.one(&TenantView::from(tenant))?;
                }
            }
            Self::Suspend { tenant } => {
                let requester = Requester::command_line();
                let suspended = platform.provisioner.suspend(tenant, &requester).await?;
                printer.one(&TenantView::from(suspended))?;
            }
            Self::Resume { tenant } => {
                let requester = Requester::command_line();
                let resumed = platform.provisioner.resume(tenant, &requester).await?;
                printer.one(&TenantView::from(resumed))?;
            }
        }
        Ok(ExitStatus::Done)
    }
}

/// A new tenant, with the password of its first admin when it was generated.
#[derive(Debug, Serialize)]
struct CreatedTenant {
    #[serde(flatten)]
    created: ProvisionedTenant,
    admin: AdminCredentials,
}

#[derive(Debug, Serialize)]
struct AdminCredentials {
    email: String,
    username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl CreateTenant {
    async fn create(&self, platform: &Platform) -> anyhow::Result<CreatedTenant> {
        let (email, username) = self.admin()?;
        let password = self.password.take(&platform.hasher).await?;
        let order = self.order(FirstAdmin {
            email: email.clone(),
            username: username.clone(),
            password_hash: Some(password.hash),
            invitation: None,
        });
        let created = platform.provisioner.create(&order).await?;
        let password = password
            .generated
            .map(|text| text.expose_secret().to_owned());
        Ok(CreatedTenant {
            created,
            admin: AdminCredentials {
                email,
                username,
                password,
            },
        })
    }

    /// E-mail address and user name of the first admin.
    fn admin(&self) -> anyhow::Result<(String, String)> {
        let address = self.admin_email.clone();
        let address = address.unwrap_or_else(|| format!("admin@{}.invalid", self.slug));
        Ok((
            email::normalize(&address)?,
            email::check_username(&self.admin_username)?,
        ))
    }

    fn order(&self, admin: FirstAdmin) -> TenantOrder {
        let labels = self.label.iter();
        let labels: serde_json::Map<_, _> = labels
            .map(|(key, value)| (key.clone(), json!(value)))
            .collect();
        TenantOrder {
            slug: self.slug.clone(),
            name: self.name.clone().unwrap_or_else(|| self.slug.to_string()),
            plan: None,
            labels: labels.into(),
            admin,
            requester: Requester::command_line(),
            receipt: None,
        }
    }
}

async fn list(
    filter: &TenantFilter,
    limit: i64,
    platform: &Platform,
) -> anyhow::Result<Vec<TenantView>> {
    let conn = platform.pools.platform().await?;
    let tenants = Tenant::list(filter, TenantSortKey::Slug, limit, 0, &conn).await?;
    Ok(tenants.into_iter().map(TenantView::from).collect())
}

/// The tenant of this name.
///
/// # Errors
/// An unknown tenant, or a failure of the database.
pub async fn find(key: &TenantKey, platform: &Platform) -> anyhow::Result<Tenant> {
    let conn = platform.pools.platform().await?;
    match Tenant::find_by_key(key, &conn).await? {
        Some(tenant) => Ok(tenant),
        None => {
            bail!("no tenant is called `{key}` (hint: `provision tenant list` names them)")
        }
    }
}

impl Row for TableSize {
    const COLUMNS: &'static [&'static str] = &["table", "rows", "bytes"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.table.clone(),
            self.rows.to_string(),
            self.bytes.to_string(),
        ]
    }
}

impl Row for TenantView {
    const COLUMNS: &'static [&'static str] =
        &["id", "slug", "name", "status", "version", "created"];

    fn cells(&self) -> Vec<String> {
        let version = self.version.clone().unwrap_or_else(|| "-".to_owned());
        let created = self.created_at.format("%Y-%m-%d %H:%M:%S").to_string();
        vec![
            self.id.to_string(),
            self.slug.to_string(),
            self.name.clone(),
            self.status.to_string(),
            version,
            created,
        ]
    }
}

impl Row for CreatedTenant {
    const COLUMNS: &'static [&'static str] = &[
        "id", "slug", "name", "status", "version", "created", "admin", "username", "password",
    ];

    fn cells(&self) -> Vec<String> {
        let mut cells = self.created.tenant.cells();
        let password = self
            .admin
            .password
            .clone()
            .unwrap_or_else(|| "as given".to_owned());
        cells.extend([
            self.admin.email.clone(),
            self.admin.username.clone(),
            password,
        ]);
        cells
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a label looks like `key=value`".to_owned()),
    }
}
