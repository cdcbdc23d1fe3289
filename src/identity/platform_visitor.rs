//! A visitor of the platform: somebody without a token, who can do nothing there but log in.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use platform_schema::SystemUser;

use super::attempts::{AttemptKey, Visit};
use super::login::{LoggedIn, PlatformCredentials};
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
        self.identity
            .login_system_user(&self.platform, credentials, self.visit.client)
            .await
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
