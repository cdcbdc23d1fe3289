//! Registering: people become users by themselves, where the tenant lets them.
//!
//! The answer does not tell whether an address has a user already; its owner is told by mail. A user name that is taken is
//! told, for somebody has to choose another one.

use diesel::QueryResult;
use serde_json::{Value, json};
use tenant_schema::identity::{NewUser, Role, User};
use tenant_schema::settings::{Audited, Change, Setting, known};

use connection::{MailKind, TenantConn};

use super::even_time::on_the_beat;
use super::visitor::Visitor;
use crate::error::{ApiError, Code, OnConstraint};
use crate::pepper::mailed_link::MailedLink;
use crate::pepper::mailed_token::LinkKind;

impl Visitor {
    /// Refuses a visitor of a tenant that lets nobody register. Whatever the setting holds besides `true` is a no.
    ///
    /// # Errors
    /// `registration_closed`, or a failure of the database.
    pub async fn may_register(&self) -> Result<(), ApiError> {
        let settings = self.platform.settings.of(&self.tenant).await?;
        if settings.value(known::REGISTRATION) == Some(&Value::Bool(true)) {
            Ok(())
        } else {
            Err(ApiError::new(Code::RegistrationClosed))
        }
    }

    /// Makes the visitor a user, and mails them a link to prove their address. Where it has a user already, they are told by
    /// mail instead, and nothing else happens.
    ///
    /// # Errors
    /// `rate_limited`, `conflict` for a user name that is taken, or a failure of the database.
    pub async fn register(self, new: NewUser) -> Result<(), ApiError> {
        self.attempt(&new.email).await?;
        let link = self.platform.mailed_links.make(LinkKind::Verification)?;
        let registering = self.mutate(&self.actor, "auth.register", async |conn| {
            if let Some(user) = User::find_by_email(&new.email, conn).await? {
                let change = turn_away(&user, &new, conn).await?;
                return Ok(((), change));
            }
            let added = add(&new, &link, conn).await;
            let user = added.on_constraint("users_username_key", "username", TAKEN)?;
            Ok(((), Change::created(&user)))
        });
        let registered = on_the_beat(Box::pin(registering)).await;
        // Of two who register with one address at once, the second is told as little as one who comes later.
        registered.or_else(|error| match error.field_errors().get("email") {
            Some(_) => Ok(()),
            None => Err(error),
        })
    }
}

/// What is wrong with a user name.
const TAKEN: &str = "is already taken";

async fn add(new: &NewUser, link: &MailedLink, conn: &mut TenantConn) -> Result<User, ApiError> {
    let role = text(known::DEFAULT_ROLE, conn).await?;
    let roles = match role {
        Some(name) => Role::find_by_names(&[name], conn).await?,
        None => Vec::new(),
    };
    let new = match new.timezone {
        Some(_) => new.clone(),
        None => NewUser {
            timezone: text(known::DEFAULT_TIMEZONE, conn)
                .await?
                .filter(|name| is_timezone(name)),
            ..new.clone()
        },
    };
    let added = new.insert_with_roles(&roles, conn).await;
    let user = added.on_constraint("users_email_key", "email", TAKEN)?;
    link.mail_to(&user, conn).await?;
    Ok(user)
}

/// Tells the owner of the address, and whoever chose a name that is taken.
async fn turn_away(user: &User, new: &NewUser, conn: &mut TenantConn) -> Result<Change, ApiError> {
    if User::is_username_taken(&new.username, conn).await? {
        return Err(ApiError::new(Code::Conflict).field("username", TAKEN));
    }
    user.tell(MailKind::AlreadyRegistered, conn).await?;
    let what = json!({ "registered": "again" });
    Ok(Change::about(User::KIND, Some(user.key()), what))
}

async fn text(setting: &str, conn: &TenantConn) -> QueryResult<Option<String>> {
    let value = Setting::value_of(setting, conn).await?;
    Ok(value.and_then(|value| value.as_str().map(str::to_owned)))
}

fn is_timezone(name: &str) -> bool {
    name.parse::<chrono_tz::Tz>().is_ok()
}
