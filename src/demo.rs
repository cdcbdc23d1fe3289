//! The demo: a platform with a system admin and the tenants `acme` and `globex`, each with users and sample data.
//!
//! Passwords are generated at the first start and kept in `demo.env` of the data directory, readable by its owner alone, so
//! that a second start can say them again.

mod credentials;
mod tour;

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, bail};
use platform_schema::{NewSystemUser, SystemUser, SystemUserRole, Tenant, TenantId, TenantSlug};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tenant_schema::identity::{NewUser, Role};
use uuid::Uuid;

use crate::config::Config;
use crate::pepper::password::{Password, PasswordHash};
use crate::platform::Platform;
use crate::provisioner::order::{FirstAdmin, Requester, TenantOrder};
use crate::server::Application;
use credentials::Credentials;

/// The tenants of the demo: slug and name.
const TENANTS: [(&str, &str); 2] = [("acme", "Acme Inc."), ("globex", "Globex Corporation")];

/// Users of each tenant beside its admin `alice`: user name, first name, last name, role. They are invited only.
const COLLEAGUES: [(&str, &str, &str, &str); 3] = [
    ("bob", "Bob", "Baker", "manager"),
    ("carol", "Carol", "Cook", "developer"),
    ("dave", "Dave", "Dyer", "viewer"),
];

/// The system admin of the demo.
const SYSTEM_ADMIN: &str = "admin@rowhouse.example";

/// Serves the demo until stopped, and prints to `out` how to log in.
///
/// # Errors
/// As [`Application::build`], and a data directory that cannot be written.
pub async fn serve(config: Config, out: &mut impl Write) -> anyhow::Result<()> {
    let (host, data_dir) = (config.http.host, config.database.data_dir.clone());
    let application = Application::build(config).await?;
    let credentials = furnish(application.platform(), &data_dir).await?;
    tour::print(
        SocketAddr::new(host, application.port()),
        application.platform(),
        &credentials,
        out,
    )?;
    application.run_until_stopped().await
}

/// Makes what the demo lacks.
async fn furnish(platform: &Platform, data_dir: &Path) -> anyhow::Result<Credentials> {
    let credentials = Credentials::read_or_generate(data_dir)?;
    let conn = platform.pools.platform().await?;
    let admin_is_missing = SystemUser::find_by_email(SYSTEM_ADMIN, &conn)
        .await?
        .is_none();
    let mut missing = Vec::new();
    for ((slug, name), password) in TENANTS
        .into_iter()
        .zip([&credentials.acme, &credentials.globex])
    {
        let slug: TenantSlug = slug.parse()?;
        if Tenant::find_by_slug(&slug, &conn).await?.is_none() {
            missing.push((slug, name, password));
        }
    }
    drop(conn);
    if credentials.are_new() && !(admin_is_missing && missing.len() == TENANTS.len()) {
        bail!(credentials.lost());
    }
    // Kept before they are used: a start that is killed in between is finished by the next one.
    credentials.write()?;
    if admin_is_missing {
        create_system_admin(platform, &credentials.admin).await?;
    }
    let furnished = missing
        .iter()
        .map(|(slug, name, password)| create_tenant(platform, slug, name, password));
    futures_util::future::try_join_all(furnished).await?;
    Ok(credentials)
}

async fn create_system_admin(platform: &Platform, password: &SecretString) -> anyhow::Result<()> {
    let password_hash = hash(platform, password).await?.expose().to_owned();
    let admin = NewSystemUser {
        id: Uuid::now_v7(),
        email: SYSTEM_ADMIN.to_owned(),
        password_hash,
        role: SystemUserRole::SuperAdmin,
    };
    let conn = platform.pools.platform().await?;
    admin
        .insert(&conn)
        .await
        .context("Failed to create the system admin")?;
    Ok(conn.finish().await?)
}

async fn create_tenant(
    platform: &Platform,
    slug: &TenantSlug,
    name: &str,
    password: &SecretString,
) -> anyhow::Result<()> {
    let order = TenantOrder {
        slug: slug.clone(),
        name: name.to_owned(),
        plan: None,
        labels: json!({ "demo": true }),
        admin: FirstAdmin {
            email: format!("alice@{slug}.example"),
            username: "alice".to_owned(),
            password_hash: Some(hash(platform, password).await?.expose().to_owned()),
            invitation: None,
        },
        requester: Requester {
            channel: "demo",
            ..Requester::default()
        },
        receipt: None,
    };
    let created = platform.provisioner.create(&order).await;
    let created = created.with_context(|| format!("Failed to provision `{slug}`"))?;
    add_colleagues(platform, &created.tenant.id, slug).await
}

#[expect(
    clippy::disallowed_methods,
    reason = "the demo furnishes the tenants that it has just made"
)]
async fn add_colleagues(
    platform: &Platform,
    tenant: &TenantId,
    slug: &TenantSlug,
) -> anyhow::Result<()> {
    let mut conn = platform.pools.lease(tenant).await?;
    for (username, first_name, last_name, role) in COLLEAGUES {
        let roles = Role::find_by_names(&[role.to_owned()], &conn).await?;
        let colleague = NewUser {
            first_name: Some(first_name.to_owned()),
            last_name: Some(last_name.to_owned()),
            ..NewUser::new(format!("{username}@{slug}.example"), username.to_owned())
        };
        conn.transaction(async |conn| colleague.insert_with_roles(&roles, conn).await)
            .await?;
    }
    Ok(conn.finish().await?)
}

async fn hash(platform: &Platform, password: &SecretString) -> anyhow::Result<PasswordHash> {
    Ok(platform
        .hasher
        .hash(&Password::parse_new(password.expose_secret().to_owned())?)
        .await?)
}
