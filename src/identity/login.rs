//! Logging in to a tenant: a password against its hash, a new session, a pair of tokens.
//!
//! An unknown name, a wrong password and a disabled user get the same answer after the same work. No connection is held
//! while a password is hashed.

use chrono::{DateTime, TimeDelta, Utc};
use connection::TenantConn;
use diesel::OptionalExtension;
use platform_schema::{Tenant, TenantId};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenant_schema::identity::{Access, EndReason, NewUserSession, User};
use tenant_schema::settings::{Audited, Change, Setting, known};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Identity;
use super::actor::Actor;
use super::attempts::{AttemptKey, Guess};
use super::client::Client;
use super::permission::Grants;
use super::refresh_cookie::CookieName;
use super::refresh_token::{RefreshKey, RefreshToken};
use super::token::{AccessToken, Subject, TenantSubject};
use crate::error::{ApiError, Code};
use crate::pepper::password::{Password, PasswordHash, Verification};
use crate::platform::Platform;
use crate::tenancy::{Lease, ServedTenant};

/// Live sessions that a user has at most where the tenant's setting says nothing that can be used.
const MOST_SESSIONS: i64 = 3;

/// The range that the tenant's setting is brought into: a user who logs in has one session at least, and nobody has so many
/// that their list cannot be shown.
const FEWEST_TO_MOST: std::ops::RangeInclusive<i64> = 1..=100;

/// Longest name of a device, in characters; the session's column holds no longer one.
const LONGEST_DEVICE: usize = 200;

/// Who someone says they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantCredentials {
    /// User name or e-mail address.
    username: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// The client's own name for its device.
    device_id: Option<String>,
}

/// Who a system user says they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlatformCredentials {
    /// E-mail address.
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// A user who has just logged in, or stays so, with the tokens of the session.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoggedIn<User> {
    /// Who is logged in.
    pub user: User,
    /// JWT for the header `Authorization`.
    access_token: String,
    /// Opaque token for a new pair; absent where it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds that the access token lives.
    expires_in: i64,
    #[serde(skip)]
    ends_at: DateTime<Utc>,
    #[serde(skip)]
    cookie: Option<String>,
}

/// The pair of tokens of a session, and when the session ends.
#[derive(Debug)]
pub struct Tokens {
    pub(super) access: AccessToken,
    pub(super) refresh: RefreshToken,
    pub(super) ends_at: DateTime<Utc>,
}

impl Identity {
    /// Logs a tenant user in, and ends the sessions that are one too many. Gives the user with the names of their roles.
    ///
    /// # Errors
    /// `validation_failed` for a device name that is too long, `invalid_credentials`, `email_not_verified` where the tenant asks
    /// for that, `overloaded` when too many passwords wait, or a failure of the database.
    pub async fn login_user(
        &self,
        platform: &Platform,
        tenant: &ServedTenant,
        credentials: TenantCredentials,
        client: Client,
        actor: &Actor,
    ) -> Result<LoggedIn<(User, Vec<String>)>, ApiError> {
        credentials.check()?;
        let account = AttemptKey::account(&tenant.id, &credentials.username);
        let guess = Guess::new(account, &client);
        self.attempts().admit(platform, &guess).await?;
        let proven = self.prove_user(platform, tenant, &credentials, actor).await;
        let (user, rehashed) = self.attempts().settle(platform, &guess, proven).await?;
        self.forgive_user(platform, &tenant.id, &user).await?;

        let key = RefreshKey::generate().map_err(ApiError::internal)?;
        let session = NewUserSession {
            device_id: credentials.device_id,
            ..user_session(&user, &key, client, self.session_lifetime())
        };
        let mut lease = self::lease(platform, tenant).await?;
        require_proof(&user, &lease).await?;
        let actor = actor.user(user.id, Some(session.id));
        open(&session, &user, rehashed.as_deref(), &actor, &mut lease).await?;
        let access = Access::load(user.id, session.id, &lease).await?;
        self.finish(lease, &tenant.id).await?;
        let access = access.ok_or(Code::InvalidCredentials)?;
        let tokens = Tokens {
            access: self.issue(user.id, session.id, tenant_subject(tenant, &access))?,
            refresh: RefreshToken::mint(session.id, 0, &key),
            ends_at: session.expires_at,
        };
        Ok(LoggedIn::new((access.user, access.roles), &tokens))
    }

    /// The user whose password this is, and its new hash if it has one. A failure is recorded.
    async fn prove_user(
        &self,
        platform: &Platform,
        tenant: &ServedTenant,
        credentials: &TenantCredentials,
        actor: &Actor,
    ) -> Result<(User, Option<String>), ApiError> {
        let lease = lease(platform, tenant).await?;
        let found = User::find_for_login(credentials.username.trim(), &lease).await?;
        drop(lease);
        let stored = found.as_ref().and_then(|user| user.password_hash.clone());
        let checked = match check(platform, &credentials.password, stored).await {
            Ok(rehashed) => Some(rehashed),
            Err(error) if error.code() == Code::InvalidCredentials => None,
            Err(error) => return Err(error),
        };
        let id = found.as_ref().map(|user| user.id);
        let user = found.filter(|user| user.is_active);
        if let Some(proven) = user.zip(checked) {
            return Ok(proven);
        }
        let mut lease = self::lease(platform, tenant).await?;
        note_failure(id, actor, &mut lease).await?;
        self.finish(lease, &tenant.id).await?;
        Err(ApiError::new(Code::InvalidCredentials))
    }

    /// Forgets the failed logins of a user: for one who has logged in or set a new password, and for an admin who lets one in
    /// that somebody else keeps out.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn forgive_user(
        &self,
        platform: &Platform,
        tenant: &TenantId,
        user: &User,
    ) -> Result<(), ApiError> {
        let names = [&user.username, &user.email];
        let keys = names.map(|name| AttemptKey::account(tenant, name));
        self.attempts().forgive(platform, &keys).await
    }

    /// Ends a lease whose request has no ledger, and forgets what it changed.
    pub(super) async fn finish(&self, lease: Lease, tenant: &TenantId) -> Result<(), ApiError> {
        let has_announced = lease.has_announced();
        lease.finish().await?;
        if has_announced {
            self.accesses().forget(tenant);
        }
        Ok(())
    }

    pub(super) fn issue<S: Subject>(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        subject: S,
    ) -> Result<AccessToken, ApiError> {
        let issued = self.tokens().issue(user_id, session_id, subject);
        issued.map_err(ApiError::internal)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nobody is authorized before a password or a refresh token is checked"
)]
pub(super) async fn lease(platform: &Platform, tenant: &ServedTenant) -> Result<Lease, ApiError> {
    let pools = &platform.pools;
    Ok(pools.lease_within(&tenant.id, &tenant.limits).await?)
}

fn user_session(
    user: &User,
    key: &RefreshKey,
    client: Client,
    lifetime: TimeDelta,
) -> NewUserSession {
    NewUserSession {
        id: Uuid::now_v7(),
        user_id: user.id,
        refresh_key: key.expose().to_vec(),
        device_id: None,
        ip: client.ip,
        user_agent: client.user_agent,
        expires_at: Utc::now() + lifetime,
    }
}

pub(super) fn tenant_subject(tenant: &Tenant, access: &Access) -> TenantSubject {
    TenantSubject {
        tid: tenant.id.clone(),
        tenant_slug: tenant.slug.to_string(),
        email: access.user.email.clone(),
        username: access.user.username.clone(),
        roles: access.roles.clone(),
        permissions: Grants::of(&access.rules).granted(access.read_at),
    }
}

impl PlatformCredentials {
    /// Whose password it shall be.
    pub fn email(&self) -> &str {
        &self.email
    }

    pub(super) fn password(&self) -> &SecretString {
        &self.password
    }
}

impl TenantCredentials {
    /// Whose password it shall be: a user name or an address.
    pub fn username(&self) -> &str {
        &self.username
    }

    fn check(&self) -> Result<(), ApiError> {
        let device = self.device_id.as_deref().unwrap_or_default();
        if device.chars().count() <= LONGEST_DEVICE {
            return Ok(());
        }
        let message = format!("must be at most {LONGEST_DEVICE} characters");
        Err(ApiError::new(Code::ValidationFailed).field("device_id", message))
    }
}

impl<User> LoggedIn<User> {
    pub(super) fn new(user: User, tokens: &Tokens) -> Self {
        Self {
            user,
            access_token: tokens.access.expose().to_owned(),
            refresh_token: Some(tokens.refresh.expose().expose_secret().to_owned()),
            token_type: "Bearer",
            expires_in: tokens.access.expires_in,
            ends_at: tokens.ends_at,
            cookie: None,
        }
    }

    /// Moves the refresh token into a cookie, for as long as the session lasts.
    #[must_use]
    pub fn in_cookie(mut self, name: &CookieName) -> Self {
        let token = self.refresh_token.take();
        self.cookie = token.map(|token| name.keep(&token, self.ends_at - Utc::now()));
        self
    }

    /// The value of `Set-Cookie`, where the refresh token is in a cookie.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.clone()
    }

    /// The same login with the user shown in another way.
    pub fn map<Shown>(self, show: impl FnOnce(User) -> Shown) -> LoggedIn<Shown> {
        LoggedIn {
            user: show(self.user),
            access_token: self.access_token,
            refresh_token: self.refresh_token,
            token_type: self.token_type,
            expires_in: self.expires_in,
            ends_at: self.ends_at,
            cookie: self.cookie,
        }
    }
}

/// Refuses a user whose address is not proven where the tenant's setting asks for that. Whatever it holds besides `false` does.
async fn require_proof(user: &User, conn: &TenantConn) -> Result<(), ApiError> {
    if user.email_verified_at.is_some() {
        return Ok(());
    }
    match Setting::value_of(known::REQUIRE_PROOF, conn).await? {
        None | Some(Value::Bool(false)) => Ok(()),
        Some(_) => Err(ApiError::new(Code::EmailNotVerified)),
    }
}

/// Opens the session, and records it with those that it has ended.
async fn open(
    session: &NewUserSession,
    user: &User,
    rehashed: Option<&str>,
    actor: &Actor,
    lease: &mut Lease,
) -> Result<(), ApiError> {
    lease
        .transaction(async |conn| {
            let most = most_sessions(conn).await?;
            let opened = session.open(user, rehashed, most, conn).await;
            let (opened, evicted) = opened.optional()?.ok_or(Code::InvalidCredentials)?;
            let mut done = vec![("auth.login", Change::created(&opened))];
            let evictions = evicted.iter().map(Change::deleted);
            done.extend(evictions.map(|change| (EndReason::Evicted.action(), change)));
            actor.record(done, conn).await
        })
        .await
}

/// How many live sessions the tenant lets a user have.
async fn most_sessions(conn: &TenantConn) -> Result<i64, ApiError> {
    let most = Setting::value_of(known::MOST_SESSIONS, conn).await?;
    let most = most.as_ref().and_then(Value::as_i64);
    Ok(most.map_or(MOST_SESSIONS, |most| {
        most.clamp(*FEWEST_TO_MOST.start(), *FEWEST_TO_MOST.end())
    }))
}

/// Records a login that failed. What was given as the name is left out: it may be a password in the wrong field.
async fn note_failure(
    user: Option<Uuid>,
    actor: &Actor,
    lease: &mut Lease,
) -> Result<(), ApiError> {
    let user = user.map(|id| id.to_string());
    let refused = json!({ "refused": Code::InvalidCredentials.as_str() });
    let change = Change::about(User::KIND, user, refused);
    let work = async |_: &mut TenantConn| Ok(((), change.clone()));
    actor.mutate("auth.login_failed", lease, work).await
}

/// Checks a password. Gives a new hash when the cost has changed since the stored one was made.
pub(super) async fn check(
    platform: &Platform,
    presented: &SecretString,
    stored: Option<String>,
) -> Result<Option<String>, ApiError> {
    let password = Password::presented(presented.expose_secret().to_owned());
    let password = password.or(Err(Code::InvalidCredentials))?;
    let stored = stored.map(PasswordHash::stored);
    match platform.hasher.verify(&password, stored.as_ref()).await? {
        Verification::Mismatch => Err(ApiError::new(Code::InvalidCredentials)),
        Verification::Match => Ok(None),
        Verification::MatchNeedsRehash => {
            let hash = platform.hasher.hash(&password).await?;
            Ok(Some(hash.expose().to_owned()))
        }
    }
}
