//! Rotation: a refresh token is given for the next pair of tokens (RFC 9700 §4.14.2), or for the end of its session. For tenant
//! users and for system users, whose sessions say only where they are kept.
//!
//! The answer may be lost on its way, so a token may be given again and yields the same successor, until the successor is
//! used. Whoever gives it after that is not its only owner: the session ends, for the thief as for the owner.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tenant_schema::identity::EndReason;
use utoipa::ToSchema;
use uuid::Uuid;

use super::refresh_token::{RefreshKey, RefreshToken};
use crate::error::{ApiError, Code};

/// A refresh token as a client presents it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentedToken {
    /// The refresh token; without it, the one in the cookie.
    #[schema(value_type = Option<String>, format = Password)]
    pub(super) refresh_token: Option<SecretString>,
}

impl PresentedToken {
    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.refresh_token.is_some()
    }
}

/// What rotation asks of a session.
pub(super) trait Session {
    /// Its id.
    fn id(&self) -> Uuid;
    /// The key that its refresh tokens are proven with.
    fn refresh_key(&self) -> &[u8];
    /// When it ends, however much it is used.
    fn expires_at(&self) -> DateTime<Utc>;
}

/// Where sessions are kept, and whose they are. What is done by it is kept when it is closed.
pub(super) trait Sessions: Sized {
    /// One of the sessions.
    type Session: Session;
    /// Who it belongs to.
    type Holder;

    /// The session of this id, ended or not.
    async fn find(&self, id: Uuid) -> QueryResult<Option<Self::Session>>;

    /// The holder of a session, if they may sign in and the session is live.
    ///
    /// # Errors
    /// `invalid_token` or `session_ended`.
    async fn holder(&self, session: &Self::Session) -> Result<Self::Holder, ApiError>;

    /// Rotates the token that was minted at `counter`, and gives the counter of its successor, if it may have one.
    async fn rotate(
        &mut self,
        session: &Self::Session,
        counter: i32,
    ) -> Result<Option<i32>, ApiError>;

    /// Ends a session, which may have ended before.
    async fn end(&mut self, session: &Self::Session, reason: EndReason) -> Result<(), ApiError>;

    /// Keeps what was done.
    async fn close(self) -> Result<(), ApiError>;
}

/// What a refresh token is given for.
pub(super) struct Refreshed<Holder> {
    pub(super) holder: Holder,
    pub(super) session: Uuid,
    pub(super) ends_at: DateTime<Utc>,
    pub(super) successor: RefreshToken,
}

/// Gives the successor of a token.
///
/// # Errors
/// `invalid_token` for what is no refresh token of these sessions, or of somebody who may not sign in; `session_ended`; or a
/// failure of the database.
pub(super) async fn refresh<S: Sessions>(
    mut sessions: S,
    token: &RefreshToken,
) -> Result<Refreshed<S::Holder>, ApiError> {
    let (session, key) = prove(token, &sessions).await?;
    let holder = sessions.holder(&session).await?;
    let Some(counter) = sessions.rotate(&session, token.counter()).await? else {
        tracing::warn!(session.id = %session.id(), "a refresh token was used again: its session ends");
        sessions.end(&session, EndReason::TokenReused).await?;
        sessions.close().await?;
        return Err(ApiError::new(Code::SessionEnded));
    };
    sessions.close().await?;
    Ok(Refreshed {
        holder,
        session: session.id(),
        ends_at: session.expires_at(),
        successor: RefreshToken::mint(session.id(), counter, &key),
    })
}

/// Ends the session of a token, which may have ended before.
///
/// # Errors
/// `invalid_token` for what is no refresh token of these sessions, or a failure of the database.
pub(super) async fn log_out(
    mut sessions: impl Sessions,
    token: &RefreshToken,
) -> Result<(), ApiError> {
    let (session, _) = prove(token, &sessions).await?;
    sessions.end(&session, EndReason::LoggedOut).await?;
    sessions.close().await
}

/// Reads a token.
///
/// # Errors
/// `invalid_token` for what is no refresh token.
pub(super) fn parse(presented: &SecretString) -> Result<RefreshToken, ApiError> {
    let token = RefreshToken::parse(presented.expose_secret());
    token.or(Err(ApiError::new(Code::InvalidToken)))
}

/// The session that a token is of, ended or not, and its key.
async fn prove<S: Sessions>(
    token: &RefreshToken,
    sessions: &S,
) -> Result<(S::Session, RefreshKey), ApiError> {
    let session = sessions.find(token.session_id()).await?;
    let session = session.ok_or(Code::InvalidToken)?;
    let key = RefreshKey::stored(session.refresh_key());
    let key = key.filter(|key| token.is_proven_by(key));
    Ok((session, key.ok_or(Code::InvalidToken)?))
}
