//! A visitor of the platform: somebody without a token, who can do nothing there but log in, stay so, and log out.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use platform_schema::SystemUser;

use super::attempts::AttemptKey;
use super::login::{LoggedIn, PlatformCredentials};
use super::refresh_cookie::CookieName;
use super::rotation::PresentedToken;
use super::visit::{Presented, Visit};
use super::{Identity, door};
use crate::error::ApiError;
use crate::platform::Platform;

/// A request to the platform by nobody in particular. It lends no connection.
#[derive(Debug)]
pub struct PlatformVisitor {
    platform: web::Data<Platform>,
    identity: web::Data<Identity>,
    visit: Visit,
}

impl PlatformVisitor {
    /// Logs the visitor in.
    ///
    /// # Errors
    /// As [`Identity::login_system_user`].
    pub async fn log_in(
        self,
        credentials: PlatformCredentials,
    ) -> Result<LoggedIn<SystemUser>, ApiError> {
        let account = AttemptKey::system_user(credentials.email());
        let attempts = self.identity.attempts();
        attempts.attempt(account, &self.visit.context).await?;
        let session = self
            .identity
            .login_system_user(&self.platform, credentials, &self.visit)
            .await?;
        Ok(self
            .visit
            .hand_over(session, false, &CookieName::of_platform()))
    }

    /// Gives the visitor the next pair of tokens, for the refresh token given or the one in the cookie.
    ///
    /// # Errors
    /// `validation_failed` where there is neither, and as [`Identity::refresh_system_user`].
    pub async fn refresh(self, given: &PresentedToken) -> Result<LoggedIn<SystemUser>, ApiError> {
        let (given, cookie) = (given.refresh_token.as_ref(), CookieName::of_platform());
        let presented = Presented::require(self.visit.presented(given, &cookie)?)?;
        let session = AttemptKey::session(presented.token.session_id());
        let attempts = self.identity.attempts();
        attempts.attempt(session, &self.visit.context).await?;
        let requester = self.visit.requester();
        let session = self
            .identity
            .refresh_system_user(&self.platform, &presented.token, requester)
            .await?;
        let is_in_cookie = presented.is_in_cookie;
        Ok(self.visit.hand_over(session, is_in_cookie, &cookie))
    }

    /// Ends the session of the refresh token given, or of the one in the cookie. Gives the value of `Set-Cookie` that clears
    /// it; nothing where there is no token, and so no session to end.
    ///
    /// # Errors
    /// As [`Identity::log_out_system_user`].
    pub async fn log_out(self, given: &PresentedToken) -> Result<Option<String>, ApiError> {
        let (given, cookie) = (given.refresh_token.as_ref(), CookieName::of_platform());
        let Some(presented) = self.visit.presented(given, &cookie)? else {
            return Ok(None);
        };
        let requester = self.visit.requester();
        self.identity
            .log_out_system_user(&self.platform, &presented.token, requester)
            .await?;
        Ok(Some(cookie.clear()))
    }
}

impl FromRequest for PlatformVisitor {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            Ok(Self {
                visit: Visit::of(&request).await?,
                platform: door::platform(&request)?.clone(),
                identity: Identity::of(&request)?.clone(),
            })
        })
    }
}
