//! `provision admin`: system users.

use anyhow::{anyhow, bail};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use diesel::result::Error;
use platform_schema::{
    NewSystemUser, PlatformChange, PlatformConn, SystemUser, SystemUserChanges, SystemUserError,
    SystemUserFilter, SystemUserRole,
};
use secrecy::ExposeSecret;
use serde::Serialize;
use tenant_schema::identity::EndReason;
use uuid::Uuid;

use super::ExitStatus;
use super::credentials::PasswordSource;
use super::printer::{Printer, Row};
use crate::identity::email;
use crate::identity::system_sessions::SYSTEM_USER;
use crate::platform::Platform;
use crate::provisioner::requester::Requester;

/// System users that one call lists at most.
const LISTED: i64 = 1_000;

/// Subcommands of `provision admin`.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Create a system user.
    Create {
        /// E-mail address to log in with.
        #[arg(long)]
        email: String,
        /// What the system user may do: `super_admin`, `operator` or `support`.
        #[arg(long, default_value = "super_admin")]
        role: SystemUserRole,
        /// Where the password comes from.
        #[command(flatten)]
        password: PasswordSource,
    },
    /// List the system users.
    List,
    /// Disable a system user: they cannot log in any more, and their sessions end.
    Disable {
        /// E-mail address that they log in with.
        email: String,
    },
}

/// A system user as the command line shows it.
#[derive(Debug, Serialize)]
pub struct AdminView {
    id: Uuid,
    email: String,
    role: SystemUserRole,
    is_active: bool,
    created_at: DateTime<Utc>,
    last_login_at: Option<DateTime<Utc>>,
    /// In clear, when it was generated in this call.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl Row for AdminView {
    const COLUMNS: &'static [&'static str] =
        &["id", "email", "role", "active", "last login", "password"];

    fn cells(&self) -> Vec<String> {
        let last_login = self
            .last_login_at
            .map_or_else(|| "never".to_owned(), |time| time.to_rfc3339());
        let password = self.password.clone().unwrap_or_else(|| "-".to_owned());
        vec![
            self.id.to_string(),
            self.email.clone(),
            self.role.to_string(),
            self.is_active.to_string(),
            last_login,
            password,
        ]
    }
}

impl From<SystemUser> for AdminView {
    fn from(user: SystemUser) -> Self {
        Self {
            id: user.id,
            email: user.email,
            role: user.role,
            is_active: user.is_active,
            created_at: user.created_at,
            last_login_at: user.last_login_at,
            password: None,
        }
    }
}

impl AdminCommand {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// An address that is taken or none, a password that the policy refuses, or a failure of the database.
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        match self {
            Self::Create {
                email,
                role,
                password,
            } => printer.one(&create_system_user(platform, email, *role, password).await?)?,
            Self::List => {
                let conn = platform.pools.platform().await?;
                let everybody = SystemUserFilter::default();
                let users = SystemUser::list(&everybody, LISTED, 0, &conn).await?;
                printer.list(&users.into_iter().map(AdminView::from).collect::<Vec<_>>())?;
            }
            Self::Disable { email } => {
                let disabled = disable_system_user(platform, email).await?;
                printer.one(&AdminView::from(disabled))?;
            }
        }
        Ok(ExitStatus::Done)
    }
}

/// Creates a system user with a password that was read or generated.
///
/// # Errors
/// An address that is taken or none, a password that the policy refuses, or a failure of the database.
pub async fn create_system_user(
    platform: &Platform,
    address: &str,
    role: SystemUserRole,
    password: &PasswordSource,
) -> anyhow::Result<AdminView> {
    let address = email::normalize(address)?;
    let password = password.take(&platform.hasher).await?;
    let user = NewSystemUser {
        id: Uuid::now_v7(),
        email: address,
        password_hash: password.hash,
        role,
    };
    let mut conn = platform.pools.platform().await?;
    let work = async |conn: &mut PlatformConn| {
        let created = user.insert(conn).await?;
        let change = PlatformChange::of(SYSTEM_USER, &created.id).after(created.snapshot());
        Ok::<_, Error>((created, change))
    };
    let requester = Requester::command_line();
    let created = requester.mutate("system_users.create", &mut conn, work);
    let created = created
        .await
        .map_err(|error| why_not_created(error, &user.email))?;
    conn.finish().await?;
    Ok(AdminView {
        password: password
            .generated
            .map(|text| text.expose_secret().to_owned()),
        ..created.into()
    })
}

fn why_not_created(error: Error, email: &str) -> anyhow::Error {
    match error {
        Error::DatabaseError(_, information)
            if information.constraint_name() == Some("system_users_email_key") =>
        {
            anyhow!(
                "a system user with the e-mail address `{email}` exists already (hint: `provision admin list`)"
            )
        }
        error => error.into(),
    }
}

/// Disables a system user, whose sessions end with it. One who is disabled stays so.
async fn disable_system_user(platform: &Platform, address: &str) -> anyhow::Result<SystemUser> {
    let mut conn = platform.pools.platform().await?;
    let found = SystemUser::find_by_email(address.trim(), &conn).await?;
    let Some(user) = found else {
        bail!("no system user has the e-mail address `{address}` (hint: `provision admin list`)");
    };
    let changes = SystemUserChanges {
        is_active: Some(false),
        ..SystemUserChanges::default()
    };
    let anyway = |_: &SystemUser| Ok::<_, SystemUserError>(());
    let work = async |conn: &mut PlatformConn| {
        let reason = EndReason::Revoked.as_str();
        let done = SystemUser::change(user.id, anyway, &changes, reason, conn);
        let (before, after) = done.await?;
        let change = PlatformChange::of(SYSTEM_USER, &after.id).before(before.snapshot());
        Ok::<_, SystemUserError>((after.clone(), change.after(after.snapshot())))
    };
    let requester = Requester::command_line();
    let disabled = requester
        .mutate("system_users.update", &mut conn, work)
        .await?;
    conn.finish().await?;
    Ok(disabled)
}
