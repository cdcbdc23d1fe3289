//! Sessions of system users: a login, the next pair of tokens, a logout, a new password.

use chrono::{DateTime, TimeDelta, Utc};
use connection::PlatformConn;
use diesel::{OptionalExtension, QueryResult};
use platform_schema::{NewPlatformSession, PlatformChange, PlatformSession, SystemUser};
use serde_json::json;
use tenant_schema::identity::EndReason;
use uuid::Uuid;

use super::Identity;
use super::attempts::{AttemptKey, Attempts, Guess};
use super::client::Client;
use super::login::{self, LoggedIn, PlatformCredentials, Tokens};
use super::password_change::PasswordChange;
use super::refresh_token::{RefreshKey, RefreshToken};
use super::rotation::{self, Session, Sessions};
use super::system_caller::SystemCaller;
use super::token::PlatformSubject;
use super::visit::Visit;
use crate::error::{ApiError, Code};
use crate::pepper::password::GuessableWords;
use crate::platform::Platform;
use crate::provisioner::requester::Requester;
use crate::tenancy::PlatformLease;

/// What the audit log calls a session of a system user.
const SESSION: &str = "platform_session";

/// What the audit log calls a system user.
pub const SYSTEM_USER: &str = "system_user";

/// Live sessions that a system user has at most.
const MOST_SESSIONS: i64 = 3;

/// The sessions of system users, for one request.
struct SystemSessions {
    requester: Requester,
    lease: PlatformLease,
}

impl Identity {
    /// Logs a system user in, and ends the sessions that are one too many.
    ///
    /// # Errors
    /// `invalid_credentials`, `rate_limited` after too many failures, `overloaded` when too many passwords wait, or a failure
    /// of the database.
    pub async fn login_system_user(
        &self,
        platform: &Platform,
        credentials: PlatformCredentials,
        visit: &Visit,
    ) -> Result<LoggedIn<SystemUser>, ApiError> {
        let (client, requester) = (&visit.client, visit.requester());
        let account = AttemptKey::system_user(credentials.email());
        let guess = Guess::new(account, client);
        self.attempts().admit(platform, &guess).await?;
        let proven = prove(platform, &credentials, &requester).await;
        let (user, rehashed) = self.attempts().settle(platform, &guess, proven).await?;
        self.attempts().forgive(platform, &[account]).await?;

        let key = RefreshKey::generate().map_err(ApiError::internal)?;
        let session = session(&user, &key, client, self.session_lifetime());
        let mut lease = platform.pools.platform().await?;
        open(&session, &user, rehashed.as_deref(), &requester, &mut lease).await?;
        lease.finish().await?;
        let tokens = Tokens {
            access: self.issue(user.id, session.id, PlatformSubject { role: user.role })?,
            refresh: RefreshToken::mint(session.id, 0, &key),
            ends_at: session.expires_at,
        };
        Ok(LoggedIn::new(user, &tokens))
    }

    /// Gives the next pair of tokens for a refresh token of a system user.
    ///
    /// # Errors
    /// `invalid_token` for what is no refresh token of the platform, or of somebody who may not log in; `session_ended`; or a
    /// failure of the database.
    pub async fn refresh_system_user(
        &self,
        platform: &Platform,
        token: &RefreshToken,
        requester: Requester,
    ) -> Result<LoggedIn<SystemUser>, ApiError> {
        let sessions = SystemSessions::of(platform, requester).await?;
        let refreshed = rotation::refresh(sessions, token).await?;
        let user = refreshed.holder;
        let subject = PlatformSubject { role: user.role };
        let tokens = Tokens {
            access: self.issue(user.id, refreshed.session, subject)?,
            refresh: refreshed.successor,
            ends_at: refreshed.ends_at,
        };
        Ok(LoggedIn::new(user, &tokens))
    }

    /// Ends the session of a refresh token of a system user, which may have ended before.
    ///
    /// # Errors
    /// `invalid_token` for what is no refresh token of the platform, or a failure of the database.
    pub async fn log_out_system_user(
        &self,
        platform: &Platform,
        token: &RefreshToken,
        requester: Requester,
    ) -> Result<(), ApiError> {
        rotation::log_out(SystemSessions::of(platform, requester).await?, token).await
    }
}

impl SystemCaller {
    /// Ends the session that the caller calls from.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn log_out(&mut self) -> Result<(), ApiError> {
        let session = self.session();
        self.mutate(EndReason::LoggedOut.action(), async |conn| {
            let reason = EndReason::LoggedOut.as_str();
            let ended = PlatformSession::end_all(&[session], reason, conn).await?;
            Ok(((), ended.first().map(ended_session)))
        })
        .await
    }

    /// Ends all sessions of the caller.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn log_out_everywhere(&mut self) -> Result<(), ApiError> {
        let user = self.user().id;
        self.mutate("auth.logout_all", async |conn| {
            SystemUser::lock(user, conn).await?;
            let reason = EndReason::LoggedOut.as_str();
            let ended = PlatformSession::end_all_of(user, None, reason, conn).await?;
            let ended: Vec<Uuid> = ended.iter().map(|session| session.id).collect();
            let what = json!({ "ended_sessions": ended });
            Ok(((), PlatformChange::of(SYSTEM_USER, &user).after(what)))
        })
        .await
    }

    /// Changes the caller's password and ends all their sessions but this one.
    ///
    /// # Errors
    /// As for a user of a tenant.
    pub async fn change_password(
        &mut self,
        platform: &Platform,
        attempts: &Attempts,
        visit: &Visit,
        change: &PasswordChange,
    ) -> Result<(), ApiError> {
        let new = change.check(&GuessableWords::from(&[&self.user().email]))?;
        let account = AttemptKey::system_user(&self.user().email);
        let guess = Guess::new(account, &visit.client);
        attempts.attempt(account, &visit.context).await?;
        attempts.admit(platform, &guess).await?;
        let (user, session) = (self.user().clone(), self.session());
        let stored = Some(user.password_hash.clone());
        let checked = login::check(platform, change.current(), stored).await;
        attempts.settle(platform, &guess, checked).await?;
        let hash = platform.hasher.hash(&new).await?;
        self.mutate(EndReason::PasswordChanged.action(), async |conn| {
            let reason = EndReason::PasswordChanged.as_str();
            let changed = user.change_password(hash.expose(), session, reason, conn);
            changed.await.optional()?.ok_or(Code::InvalidCredentials)?;
            let what = json!({ "password_hash": "changed" });
            Ok(((), PlatformChange::of(SYSTEM_USER, &user.id).after(what)))
        })
        .await
    }
}

impl SystemSessions {
    async fn of(platform: &Platform, requester: Requester) -> Result<Self, ApiError> {
        let lease = platform.pools.platform().await?;
        Ok(Self { requester, lease })
    }
}

impl Sessions for SystemSessions {
    type Session = PlatformSession;
    type Holder = SystemUser;

    async fn find(&self, id: Uuid) -> QueryResult<Option<PlatformSession>> {
        PlatformSession::find(id, &self.lease).await
    }

    async fn holder(&self, session: &PlatformSession) -> Result<SystemUser, ApiError> {
        let user = SystemUser::find(session.system_user_id, &self.lease);
        let live = PlatformSession::find_live(session.id, &self.lease);
        let (user, live) = futures_util::try_join!(user, live)?;
        let user = user
            .filter(|user| user.is_active)
            .ok_or(Code::InvalidToken)?;
        live.ok_or(Code::SessionEnded)?;
        Ok(user)
    }

    async fn rotate(
        &mut self,
        session: &PlatformSession,
        counter: i32,
    ) -> Result<Option<i32>, ApiError> {
        let work = async |conn: &mut PlatformConn| {
            let successor = PlatformSession::rotate(session.id, counter, conn).await?;
            let change = PlatformChange::of(SESSION, &session.id).after(session.snapshot());
            Ok((successor, successor.map(|_| change)))
        };
        let requester = self.requester.by(session.system_user_id);
        requester
            .mutate("auth.refresh", &mut self.lease, work)
            .await
    }

    async fn end(&mut self, session: &PlatformSession, reason: EndReason) -> Result<(), ApiError> {
        let work = async |conn: &mut PlatformConn| {
            let ended = PlatformSession::end_all(&[session.id], reason.as_str(), conn).await?;
            Ok(((), ended.first().map(ended_session)))
        };
        let requester = self.requester.by(session.system_user_id);
        requester
            .mutate(reason.action(), &mut self.lease, work)
            .await
    }

    async fn close(self) -> Result<(), ApiError> {
        Ok(self.lease.finish().await?)
    }
}

impl Session for PlatformSession {
    fn id(&self) -> Uuid {
        self.id
    }

    fn refresh_key(&self) -> &[u8] {
        &self.refresh_key
    }

    fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }
}

/// The system user whose password this is, and its new hash if it has one. A failure is recorded.
async fn prove(
    platform: &Platform,
    credentials: &PlatformCredentials,
    requester: &Requester,
) -> Result<(SystemUser, Option<String>), ApiError> {
    let lease = platform.pools.platform().await?;
    let found = SystemUser::find_by_email(credentials.email().trim(), &lease).await?;
    drop(lease);
    let stored = found.as_ref().map(|user| user.password_hash.clone());
    let checked = match login::check(platform, credentials.password(), stored).await {
        Ok(rehashed) => Some(rehashed),
        Err(error) if error.code() == Code::InvalidCredentials => None,
        Err(error) => return Err(error),
    };
    let id = found.as_ref().map(|user| user.id.to_string());
    let user = found.filter(|user| user.is_active);
    if let Some(proven) = user.zip(checked) {
        return Ok(proven);
    }
    let refused = json!({ "refused": Code::InvalidCredentials.as_str() });
    let change = PlatformChange {
        object_type: SYSTEM_USER,
        object_id: id,
        before: None,
        after: Some(refused),
    };
    let lease = platform.pools.platform().await?;
    requester
        .record("auth.login_failed", change, &lease)
        .await?;
    lease.finish().await?;
    Err(ApiError::new(Code::InvalidCredentials))
}

/// Opens the session, and records it with those that it has ended.
async fn open(
    session: &NewPlatformSession,
    user: &SystemUser,
    rehashed: Option<&str>,
    requester: &Requester,
    lease: &mut PlatformLease,
) -> Result<(), ApiError> {
    let requester = requester.by(user.id);
    lease
        .transaction(async |conn| {
            let reason = EndReason::Evicted;
            let opened = session.open(user, rehashed, MOST_SESSIONS, reason.as_str(), conn);
            let opened = opened.await.optional()?;
            let (opened, evicted) = opened.ok_or(Code::InvalidCredentials)?;
            let login = PlatformChange::of(SESSION, &opened.id).after(opened.snapshot());
            requester.record("auth.login", login, conn).await?;
            for ended in evicted.iter().map(ended_session) {
                requester.record(reason.action(), ended, conn).await?;
            }
            Ok(())
        })
        .await
}

fn session(
    user: &SystemUser,
    key: &RefreshKey,
    client: &Client,
    lifetime: TimeDelta,
) -> NewPlatformSession {
    NewPlatformSession {
        id: Uuid::now_v7(),
        system_user_id: user.id,
        refresh_key: key.expose().to_vec(),
        ip: client.ip,
        user_agent: client.user_agent.clone(),
        expires_at: Utc::now() + lifetime,
    }
}

fn ended_session(session: &PlatformSession) -> PlatformChange {
    PlatformChange::of(SESSION, &session.id).before(session.snapshot())
}
