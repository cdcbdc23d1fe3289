//! Rotation: a refresh token is given for the next pair of tokens (RFC 9700 §4.14.2), or for the end of its session.
//!
//! The answer may be lost on its way, so a token may be given again and yields the same successor, until the successor is
//! used. Whoever gives it after that is not its only owner: the session ends, for the thief as for the owner.

use connection::TenantConn;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tenant_schema::identity::{Access, EndReason, User, UserSession};
use tenant_schema::settings::Change;
use utoipa::ToSchema;

use super::Identity;
use super::actor::Actor;
use super::login::{LoggedIn, lease, tenant_subject};
use super::refresh_token::{RefreshKey, RefreshToken};
use crate::error::{ApiError, Code};
use crate::platform::Platform;
use crate::tenancy::{Lease, ServedTenant};

/// A refresh token as a client presents it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentedToken {
    /// The refresh token.
    #[schema(value_type = String, format = Password)]
    refresh_token: SecretString,
}

impl PresentedToken {
    /// Reads the token.
    ///
    /// # Errors
    /// `invalid_token` for what is no refresh token.
    pub fn parse(&self) -> Result<RefreshToken, ApiError> {
        parse(&self.refresh_token)
    }
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
        let mut lease = lease(platform, tenant).await?;
        let (session, key) = prove(token, &lease).await?;
        let access = Access::load(session.user_id, session.id, &lease).await?;
        let access = access.filter(|access| access.user.is_active);
        let access = access.ok_or(Code::InvalidToken)?;
        if !access.session_is_live {
            return Err(ApiError::new(Code::SessionEnded));
        }
        let actor = actor.user(session.user_id, Some(session.id));
        let successor = actor.mutate("auth.refresh", &mut lease, async |conn| {
            let successor = UserSession::rotate(session.id, token.counter(), conn).await?;
            let change = successor.map(|_| Change::created(&session));
            Ok((successor, change))
        });
        let successor = successor.await?;
        let Some(successor) = successor else {
            tracing::warn!(session = %session.id, user = %session.user_id, "a refresh token was used again: its session ends");
            self.end(&session, EndReason::TokenReused, tenant, &actor, lease)
                .await?;
            return Err(ApiError::new(Code::SessionEnded));
        };
        self.finish(lease, &tenant.id).await?;
        let access_token =
            self.issue(access.user.id, session.id, tenant_subject(tenant, &access))?;
        let refresh_token = RefreshToken::mint(session.id, successor, &key);
        let shown = (access.user, access.roles);
        Ok(LoggedIn::new(shown, &access_token, &refresh_token))
    }

    /// Ends the session of a refresh token, which may have ended before.
    ///
    /// # Errors
    /// `invalid_token` for what is no refresh token of this tenant, or a failure of the database.
    pub async fn log_out_user(
        &self,
        platform: &Platform,
        tenant: &ServedTenant,
        presented: &SecretString,
        actor: &Actor,
    ) -> Result<(), ApiError> {
        let token = parse(presented)?;
        let lease = lease(platform, tenant).await?;
        let (session, _) = prove(&token, &lease).await?;
        let actor = actor.user(session.user_id, Some(session.id));
        self.end(&session, EndReason::LoggedOut, tenant, &actor, lease)
            .await
    }

    async fn end(
        &self,
        session: &UserSession,
        reason: EndReason,
        tenant: &ServedTenant,
        actor: &Actor,
        mut lease: Lease,
    ) -> Result<(), ApiError> {
        let work = async |conn: &mut TenantConn| {
            let ended = UserSession::end(session.id, reason, conn).await?;
            Ok(((), ended.as_ref().map(Change::deleted)))
        };
        actor.mutate(reason.action(), &mut lease, work).await?;
        self.finish(lease, &tenant.id).await
    }
}

fn parse(presented: &SecretString) -> Result<RefreshToken, ApiError> {
    let token = RefreshToken::parse(presented.expose_secret());
    token.or(Err(ApiError::new(Code::InvalidToken)))
}

/// The session that a token is of, ended or not, and its key.
async fn prove(token: &RefreshToken, lease: &Lease) -> Result<(UserSession, RefreshKey), ApiError> {
    let session = UserSession::find(token.session_id(), lease).await?;
    let session = session.ok_or(Code::InvalidToken)?;
    let key = RefreshKey::stored(&session.refresh_key);
    let key = key.filter(|key| token.is_proven_by(key));
    Ok((session, key.ok_or(Code::InvalidToken)?))
}
