//! A visit: a request for credentials, counted for the address that it comes from, with the refresh token that it presents.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use secrecy::SecretString;

use super::Identity;
use super::client::Client;
use super::login::LoggedIn;
use super::refresh_cookie::{CookieName, RefreshCookies};
use super::refresh_token::RefreshToken;
use super::rotation;
use crate::error::{ApiError, Code};
use crate::http::RequestContext;
use crate::provisioner::requester::Requester;

/// A request for credentials that was counted for its address: for routes of which it is all that they know.
#[derive(Debug)]
pub struct Visit {
    /// Where the request comes from.
    pub client: Client,
    /// What else is known of it.
    pub context: RequestContext,
    /// The refresh tokens that it carries in cookies.
    pub cookies: RefreshCookies,
}

impl Visit {
    /// Counts a request.
    ///
    /// # Errors
    /// `rate_limited`, or as [`RefreshCookies::of`].
    pub async fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let (client, context) = (Client::of(request), RequestContext::of(request)?);
        let attempts = Identity::of(request)?.attempts();
        attempts.visit(&client, &context).await?;
        Ok(Self {
            client,
            context,
            cookies: RefreshCookies::of(request)?,
        })
    }

    /// Nobody who is known, as the platform's audit log remembers them.
    pub fn requester(&self) -> Requester {
        Requester {
            channel: "api",
            request_id: Some(self.context.id().to_owned()),
            ip: self.client.ip,
            user_agent: self.client.user_agent.clone(),
            system_user: None,
        }
    }

    /// The refresh token that the request presents, and whether it does so in a cookie: only where its body has none.
    ///
    /// # Errors
    /// `invalid_token` for what is none, `bad_request` for a cookie that comes twice.
    pub fn presented(
        &self,
        given: Option<&SecretString>,
        cookie: &CookieName,
    ) -> Result<Option<Presented>, ApiError> {
        let held = match given {
            Some(_) => None,
            None => self.cookies.token(cookie)?,
        };
        let presented = given.or(held).map(|token| {
            let is_in_cookie = held.is_some();
            rotation::parse(token).map(|token| Presented {
                token,
                is_in_cookie,
            })
        });
        presented.transpose()
    }

    /// The login with its refresh token where the client wants it: in a cookie where it asks for that, or came with one.
    #[must_use]
    pub fn hand_over<User>(
        &self,
        session: LoggedIn<User>,
        is_in_cookie: bool,
        cookie: &CookieName,
    ) -> LoggedIn<User> {
        if is_in_cookie || self.cookies.is_wanted() {
            session.in_cookie(cookie)
        } else {
            session
        }
    }
}

/// A refresh token that a request presents.
#[derive(Debug)]
pub struct Presented {
    /// The token, whose session may not exist.
    pub token: RefreshToken,
    /// Whether a browser presents it.
    pub is_in_cookie: bool,
}

impl Presented {
    /// The token that has to be there.
    ///
    /// # Errors
    /// `validation_failed` where there is none.
    pub fn require(presented: Option<Self>) -> Result<Self, ApiError> {
        let missing =
            || ApiError::new(Code::ValidationFailed).field("refresh_token", "is required");
        presented.ok_or_else(missing)
    }
}

impl FromRequest for Visit {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}
