//! Sessions of a tenant's users: refreshed, and ended by a refresh token.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::QueryResult;
use tenant_schema::identity::{Access, EndReason, User, UserSession};
use tenant_schema::settings::Change;
use uuid::Uuid;

use super::Identity;
use super::actor::Actor;
use super::login::{LoggedIn, Tokens, lease, tenant_subject};
use super::refresh_token::RefreshToken;
use super::rotation::{self, Session, Sessions};
use crate::error::{ApiError, Code};
use crate::platform::Platform;
use crate::tenancy::{Lease, ServedTenant};

/// The sessions of a tenant's users, for one request.
struct UserSessions<'request> {
    identity: &'request Identity,
    tenant: &'request ServedTenant,
    actor: &'request Actor,
    lease: Lease,
}

impl Identity {
    /// Gives the next pair of tokens for a refresh token, with the user and the names of their roles.
    ///
    /// # Errors
    /// `invalid_token` for what is no refresh token of this tenant, or of a user who may not sign in; `session_ended`; or a
    /// failure of the database.
    pub async fn refresh_user(
        &self,
        platform: &Platform,
        tenant: &ServedTenant,
        token: &RefreshToken,
        actor: &Actor,
    ) -> Result<LoggedIn<(User, Vec<String>)>, ApiError> {
        let sessions = self.user_sessions(platform, tenant, actor).await?;
        let refreshed = rotation::refresh(sessions, token).await?;
        let access = refreshed.holder;
        let subject = tenant_subject(tenant, &access);
        let tokens = Tokens {
            access: self.issue(access.user.id, refreshed.session, subject)?,
            refresh: refreshed.successor,
            ends_at: refreshed.ends_at,
        };
        Ok(LoggedIn::new((access.user, access.roles), &tokens))
    }

    /// Ends the session of a refresh token, which may have ended before.
    ///
    /// # Errors
    /// `invalid_token` for what is no refresh token of this tenant, or a failure of the database.
    pub async fn log_out_user(
        &self,
        platform: &Platform,
        tenant: &ServedTenant,
        token: &RefreshToken,
        actor: &Actor,
    ) -> Result<(), ApiError> {
        let sessions = self.user_sessions(platform, tenant, actor).await?;
        rotation::log_out(sessions, token).await
    }

    async fn user_sessions<'request>(
        &'request self,
        platform: &Platform,
        tenant: &'request ServedTenant,
        actor: &'request Actor,
    ) -> Result<UserSessions<'request>, ApiError> {
        Ok(UserSessions {
            identity: self,
            tenant,
            actor,
            lease: lease(platform, tenant).await?,
        })
    }
}

impl UserSessions<'_> {
    fn holder_of(&self, session: &UserSession) -> Actor {
        self.actor.user(session.user_id, Some(session.id))
    }
}

impl Sessions for UserSessions<'_> {
    type Session = UserSession;
    type Holder = Access;

    async fn find(&self, id: Uuid) -> QueryResult<Option<UserSession>> {
        UserSession::find(id, &self.lease).await
    }

    async fn holder(&self, session: &UserSession) -> Result<Access, ApiError> {
        let access = Access::load(session.user_id, session.id, &self.lease).await?;
        let access = access.filter(|access| access.user.is_active);
        let access = access.ok_or(Code::InvalidToken)?;
        if !access.session_is_live {
            return Err(ApiError::new(Code::SessionEnded));
        }
        Ok(access)
    }

    async fn rotate(
        &mut self,
        session: &UserSession,
        counter: i32,
    ) -> Result<Option<i32>, ApiError> {
        let work = async |conn: &mut TenantConn| {
            let successor = UserSession::rotate(session.id, counter, conn).await?;
            let change = successor.map(|_| Change::created(session));
            Ok((successor, change))
        };
        let actor = self.holder_of(session);
        actor.mutate("auth.refresh", &mut self.lease, work).await
    }

    async fn end(&mut self, session: &UserSession, reason: EndReason) -> Result<(), ApiError> {
        let work = async |conn: &mut TenantConn| {
            let ended = UserSession::end(session.id, reason, conn).await?;
            Ok(((), ended.as_ref().map(Change::deleted)))
        };
        let actor = self.holder_of(session);
        actor.mutate(reason.action(), &mut self.lease, work).await
    }

    async fn close(self) -> Result<(), ApiError> {
        self.identity.finish(self.lease, &self.tenant.id).await
    }
}

impl Session for UserSession {
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
