//! Refresh tokens in cookies, for browsers: no script reads them, and no other site has them sent.
//!
//! A client asks for it with `X-Token-Transport: cookie` when it logs in. From then on the browser presents the token, and no
//! body carries it. Each tenant has a cookie of its own, since `__Host-` cookies have the whole host for their path: two
//! tenants in one browser do not log each other out.

use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderValue, ORIGIN};
use actix_web::{FromRequest, HttpRequest};
use chrono::TimeDelta;
use platform_schema::TenantId;
use secrecy::SecretString;
use utoipa::ToSchema;

use crate::error::{ApiError, Code};

/// The header by which a client says how it wants to have its refresh token: `cookie`, or `body`.
const TRANSPORT: &str = "X-Token-Transport";

/// Where a browser says that a request comes from (W3C, Fetch Metadata).
const FETCH_SITE: &str = "Sec-Fetch-Site";

/// With this prefix a browser takes a cookie from the host itself alone, over TLS, for the whole host (RFC 6265bis §4.1.3.2).
const PREFIX: &str = "__Host-rh-";

/// The types of bodies that a page may have sent anywhere without being asked (Fetch §4.8).
const FORM_TYPES: [&str; 3] = [
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
];

/// The values of `X-Token-Transport`, for the documentation.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum TokenTransport {
    /// The refresh token is in the body.
    Body,
    /// The refresh token is in a cookie.
    Cookie,
}

/// The name of the cookie that holds the refresh token of a tenant's user, or of a system user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieName(String);

impl CookieName {
    /// The cookie of a tenant.
    pub fn of_tenant(tenant: &TenantId) -> Self {
        Self(format!("{PREFIX}{tenant}"))
    }

    /// The cookie of the platform.
    pub fn of_platform() -> Self {
        Self(format!("{PREFIX}platform"))
    }

    /// The value of `Set-Cookie` that has a browser keep a token for so long.
    pub fn keep(&self, token: &str, lifetime: TimeDelta) -> String {
        let seconds = lifetime.num_seconds().max(0);
        let name = &self.0;
        format!("{name}={token}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict")
    }

    /// The value of `Set-Cookie` that has a browser forget the token.
    pub fn clear(&self) -> String {
        self.keep("", TimeDelta::zero())
    }
}

/// The refresh tokens that a request carries in cookies, and whether it wants its answer to. Of a request that another site
/// may have had sent, there are none: it is refused.
pub struct RefreshCookies {
    held: Vec<(String, SecretString)>,
    is_wanted: bool,
}

impl RefreshCookies {
    /// The cookies of a request.
    ///
    /// # Errors
    /// `bad_request` for a transport that does not exist; `cross_site` for a request with a refresh token in a cookie, or that
    /// asks for one, of which the browser says that it comes from elsewhere, or that has the type of a form.
    pub fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let cookies = Self {
            held: held(request.headers()),
            is_wanted: is_wanted(request.headers())?,
        };
        if (cookies.is_wanted || cookies.any()) && !is_from_here(request.headers()) {
            return Err(ApiError::new(Code::CrossSite));
        }
        Ok(cookies)
    }

    /// Whether there is a refresh token at all, whosever.
    pub fn any(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether the client asks for its token in a cookie.
    pub fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// The token in the cookie of this name.
    ///
    /// # Errors
    /// `bad_request` where the name comes twice: one of them is somebody else's.
    pub fn token(&self, name: &CookieName) -> Result<Option<&SecretString>, ApiError> {
        let mut tokens = self.held.iter().filter(|(held, _)| *held == name.0);
        let token = tokens.next().map(|(_, token)| token);
        if tokens.next().is_some() {
            return Err(ApiError::new(Code::BadRequest).detail("the cookie is given twice"));
        }
        Ok(token)
    }
}

impl fmt::Debug for RefreshCookies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RefreshCookies")
            .field("is_wanted", &self.is_wanted)
            .finish_non_exhaustive()
    }
}

impl FromRequest for RefreshCookies {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// All cookies with our prefix, doubles too, which a library's jar would drop.
fn held(headers: &HeaderMap) -> Vec<(String, SecretString)> {
    let lines = headers
        .get_all(COOKIE)
        .filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';').filter_map(|pair| pair.split_once('=')));
    pairs
        .map(|(name, value)| (name.trim(), value.trim()))
        .filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty())
        .map(|(name, value)| (name.to_owned(), SecretString::from(value)))
        .collect()
}

fn is_wanted(headers: &HeaderMap) -> Result<bool, ApiError> {
    match headers.get(TRANSPORT).map(HeaderValue::as_bytes) {
        None | Some(b"body") => Ok(false),
        Some(b"cookie") => Ok(true),
        Some(_) => Err(ApiError::new(Code::BadRequest)
            .detail("the header `X-Token-Transport` takes `cookie` or `body`")),
    }
}

/// Whether nothing says that the request was made by a page of another origin. What no browser sends says nothing.
fn is_from_here(headers: &HeaderMap) -> bool {
    let sites = headers.get_all(FETCH_SITE);
    let mut sites = sites.map(HeaderValue::as_bytes);
    let mut origins = headers.get_all(ORIGIN).map(|origin| origin.to_str().ok());
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_own = |origin: Option<&str>| {
        let authority = origin.and_then(|origin| origin.split_once("://"));
        authority
            .zip(host)
            .is_some_and(|((scheme, authority), host)| {
                matches!(scheme, "http" | "https") && authority.eq_ignore_ascii_case(host)
            })
    };
    sites.all(|site| matches!(site, b"same-origin" | b"none"))
        && origins.all(is_own)
        && !has_form_type(headers)
}

fn has_form_type(headers: &HeaderMap) -> bool {
    let types = headers.get_all(CONTENT_TYPE);
    let mut types = types.map(|value| value.to_str().unwrap_or_default());
    types.any(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        FORM_TYPES
            .iter()
            .any(|form| essence.eq_ignore_ascii_case(form))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use secrecy::ExposeSecret;

    use super::*;

    const NAME: &str = "__Host-rh-0123456789ab";

    fn cookies(headers: &[(&'static str, &str)]) -> Result<RefreshCookies, Code> {
        let request = TestRequest::default().insert_header(("Host", "app.example"));
        let request = headers
            .iter()
            .fold(request, |request, header| request.append_header(*header));
        RefreshCookies::of(&request.to_http_request()).map_err(|error| error.code())
    }

    fn token(headers: &[(&'static str, &str)]) -> Result<Option<String>, Code> {
        let name = CookieName::of_tenant(&"0123456789ab".parse().unwrap());
        let cookies = cookies(headers)?;
        let token = cookies.token(&name).map_err(|error| error.code())?;
        Ok(token.map(|token| token.expose_secret().to_owned()))
    }

    /// Rule 24.
    #[test]
    fn the_cookie_is_kept_from_scripts_and_other_sites() {
        let name = CookieName::of_tenant(&"0123456789ab".parse().unwrap());
        assert_eq!(
            name.keep("rt1.x", TimeDelta::minutes(1)),
            "__Host-rh-0123456789ab=rt1.x; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            CookieName::of_platform().clear(),
            "__Host-rh-platform=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"
        );
    }

    /// Rule 26.
    #[test]
    fn a_cookie_that_comes_twice_is_refused() {
        let one = format!("theme=dark; {NAME}=rt1.x; other=1");
        assert_eq!(token(&[("Cookie", &one)]), Ok(Some("rt1.x".to_owned())));
        let twice = format!("{NAME}=rt1.x; {NAME}=rt1.y");
        assert_eq!(token(&[("Cookie", &twice)]), Err(Code::BadRequest));
        assert_eq!(
            token(&[("Cookie", &one), ("Cookie", &one)]),
            Err(Code::BadRequest)
        );
        let elsewhere = "__Host-rh-0123456789ac=rt1.x";
        assert_eq!(token(&[("Cookie", elsewhere)]), Ok(None));
    }

    /// Rule 25.
    #[test]
    fn a_request_with_a_cookie_comes_from_here_or_is_refused() {
        let cookie = format!("{NAME}=rt1.x");
        let refusal = |header| token(&[("Cookie", &cookie), header]).err();
        for fine in [
            ("Origin", "https://app.example"),
            ("Origin", "http://APP.example"),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/json"),
        ] {
            assert_eq!(refusal(fine), None, "{fine:?}");
        }
        for foreign in [
            ("Origin", "https://evil.example"),
            ("Origin", "https://app.example.evil.example"),
            ("Origin", "https://app.example:8443"),
            ("Origin", "null"),
            ("Origin", "https://app.example@evil.example"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Type", "TEXT/plain; charset=utf-8"),
            ("Content-Type", "multipart/form-data; boundary=x"),
        ] {
            assert_eq!(refusal(foreign), Some(Code::CrossSite), "{foreign:?}");
        }
        // Without a cookie the browser has sent nothing of its own.
        assert_eq!(token(&[("Origin", "https://evil.example")]), Ok(None));
        let wanted = [
            ("X-Token-Transport", "cookie"),
            ("Origin", "https://evil.example"),
        ];
        assert_eq!(token(&wanted), Err(Code::CrossSite));
    }

    #[test]
    fn there_are_two_transports() {
        let wanted = |value| cookies(&[("X-Token-Transport", value)]).map(|all| all.is_wanted());
        assert_eq!(wanted("cookie"), Ok(true));
        assert_eq!(wanted("body"), Ok(false));
        assert_eq!(wanted("pigeon"), Err(Code::BadRequest));
    }
}
