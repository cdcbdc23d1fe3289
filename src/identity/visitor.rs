//! A visitor: somebody at a tenant's door without a token, who can do nothing there but log in, stay so, and log out.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use platform_schema::Tenant;
use secrecy::SecretString;
use tenant_schema::identity::User;

use super::actor::Actor;
use super::client::Client;
use super::login::{LoggedIn, TenantCredentials};
use super::rotation::PresentedToken;
use super::{Identity, door};
use crate::error::ApiError;
use crate::platform::Platform;
use crate::tenancy::ServedTenant;

/// A request to a tenant that serves, by nobody in particular. It lends no connection.
#[derive(Debug)]
pub struct Visitor {
    platform: web::Data<Platform>,
    identity: web::Data<Identity>,
    tenant: Arc<ServedTenant>,
    client: Client,
    actor: Actor,
}

impl Visitor {
    /// The tenant at whose door the visitor stands.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Logs the visitor in.
    ///
    /// # Errors
    /// As [`Identity::login_user`].
    pub async fn log_in(
        self,
        credentials: TenantCredentials,
    ) -> Result<LoggedIn<(User, Vec<String>)>, ApiError> {
        self.identity
            .login_user(
                &self.platform,
                &self.tenant,
                credentials,
                self.client,
                &self.actor,
            )
            .await
    }

    /// Gives the visitor the next pair of tokens.
    ///
    /// # Errors
    /// As [`Identity::refresh_user`].
    pub async fn refresh(
        self,
        presented: &PresentedToken,
    ) -> Result<LoggedIn<(User, Vec<String>)>, ApiError> {
        self.identity
            .refresh_user(&self.platform, &self.tenant, presented, &self.actor)
            .await
    }

    /// Ends the session of a refresh token.
    ///
    /// # Errors
    /// As [`Identity::log_out_user`].
    pub async fn log_out(self, presented: &SecretString) -> Result<(), ApiError> {
        self.identity
            .log_out_user(&self.platform, &self.tenant, presented, &self.actor)
            .await
    }
}

impl FromRequest for Visitor {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let client = Client::from_request(&request, payload);
        Box::pin(async move {
            Ok(Self {
                tenant: door::tenant(&request).await?,
                platform: web::Data::extract(&request)
                    .await
                    .map_err(|error| ApiError::internal(error.to_string()))?,
                identity: web::Data::extract(&request)
                    .await
                    .map_err(|error| ApiError::internal(error.to_string()))?,
                client: client.await.unwrap_or_else(|never| match never {}),
                actor: Actor::extract(&request).await?,
            })
        })
    }
}
