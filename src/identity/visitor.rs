//! A visitor: somebody at a tenant's door without a token, who can do nothing there but log in, stay so, log out,
//! register, and follow mailed links.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use connection::TenantConn;
use futures_util::future::LocalBoxFuture;
use platform_schema::Tenant;
use tenant_schema::identity::User;
use tenant_schema::settings::Change;

use super::actor::Actor;
use super::attempts::AttemptKey;
use super::login::{self, LoggedIn, TenantCredentials};
use super::refresh_cookie::CookieName;
use super::rotation::PresentedToken;
use super::visit::{Presented, Visit};
use super::{Identity, door};
use crate::error::ApiError;
use crate::platform::Platform;
use crate::tenancy::ServedTenant;

/// A request to a tenant that serves, by nobody in particular. It lends no connection.
#[derive(Debug)]
pub struct Visitor {
    pub(super) platform: web::Data<Platform>,
    pub(super) identity: web::Data<Identity>,
    pub(super) tenant: Arc<ServedTenant>,
    visit: Visit,
    pub(super) actor: Actor,
}

impl Visitor {
    /// The tenant at whose door the visitor stands.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Counts a request about an account, whether or not somebody has this name or address. Every route on which a visitor
    /// names an account calls it before anything else.
    ///
    /// # Errors
    /// `rate_limited`.
    pub async fn attempt(&self, name: &str) -> Result<(), ApiError> {
        let account = AttemptKey::account(&self.tenant.id, name);
        let attempts = self.identity.attempts();
        attempts.attempt(account, &self.visit.context).await
    }

    /// Changes the tenant's data for somebody without a token, as [`Actor::mutate`] does.
    ///
    /// # Errors
    /// The error of `work`, `pool_exhausted`, or a failure of the database: nothing is changed then.
    pub(super) async fn mutate<T, C: Into<Option<Change>>>(
        &self,
        actor: &Actor,
        action: &'static str,
        work: impl AsyncFnMut(&mut TenantConn) -> Result<(T, C), ApiError>,
    ) -> Result<T, ApiError> {
        let mut lease = login::lease(&self.platform, &self.tenant).await?;
        let value = actor.mutate(action, &mut lease, work).await?;
        self.identity.finish(lease, &self.tenant.id).await?;
        Ok(value)
    }

    /// What is behind the server.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Logs the visitor in.
    ///
    /// # Errors
    /// As [`Identity::login_user`].
    pub async fn log_in(
        self,
        credentials: TenantCredentials,
    ) -> Result<LoggedIn<(User, Vec<String>)>, ApiError> {
        self.attempt(credentials.username()).await?;
        let (identity, client) = (&self.identity, self.visit.client.clone());
        let session = identity
            .login_user(
                &self.platform,
                &self.tenant,
                credentials,
                client,
                &self.actor,
            )
            .await?;
        Ok(self.visit.hand_over(session, false, &self.cookie()))
    }

    /// Gives the visitor the next pair of tokens, for the refresh token given or the one in the cookie.
    ///
    /// # Errors
    /// `validation_failed` where there is neither, and as [`Identity::refresh_user`].
    pub async fn refresh(
        self,
        given: &PresentedToken,
    ) -> Result<LoggedIn<(User, Vec<String>)>, ApiError> {
        let given = given.refresh_token.as_ref();
        let presented = Presented::require(self.visit.presented(given, &self.cookie())?)?;
        let session = AttemptKey::session(presented.token.session_id());
        let attempts = self.identity.attempts();
        attempts.attempt(session, &self.visit.context).await?;
        let session = self
            .identity
            .refresh_user(&self.platform, &self.tenant, &presented.token, &self.actor)
            .await?;
        let is_in_cookie = presented.is_in_cookie;
        Ok(self.visit.hand_over(session, is_in_cookie, &self.cookie()))
    }

    /// Ends the session of the refresh token given, or of the one in the cookie. Gives the value of `Set-Cookie` that clears
    /// it; nothing where there is no token, and so no session to end.
    ///
    /// # Errors
    /// As [`Identity::log_out_user`].
    pub async fn log_out(self, given: &PresentedToken) -> Result<Option<String>, ApiError> {
        let given = given.refresh_token.as_ref();
        let Some(presented) = self.visit.presented(given, &self.cookie())? else {
            return Ok(None);
        };
        self.identity
            .log_out_user(&self.platform, &self.tenant, &presented.token, &self.actor)
            .await?;
        Ok(Some(self.cookie().clear()))
    }

    fn cookie(&self) -> CookieName {
        CookieName::of_tenant(&self.tenant.id)
    }
}

impl FromRequest for Visitor {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            Ok(Self {
                visit: Visit::of(&request).await?,
                tenant: door::tenant(&request).await?,
                platform: door::platform(&request)?.clone(),
                identity: Identity::of(&request)?.clone(),
                actor: Actor::extract(&request).await?,
            })
        })
    }
}
