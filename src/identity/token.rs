//! Access tokens: signed claims about a session, for tenant users and for system users.

mod seen;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{TimeDelta, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use platform_schema::{SystemUserRole, TenantId};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use self::seen::SeenTokens;
use super::signing_key::SigningKeys;
pub use seen::Bearer;

/// How far the clocks of two nodes may differ, in seconds.
const LEEWAY: u64 = 5;

/// The audience of tokens for the platform. A tenant's audience is its id, which begins with a digit.
const PLATFORM_AUDIENCE: &str = "platform";

/// Whose tokens they are. A token of one type is none of the other, whatever else it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenType {
    /// Of a tenant user.
    Tenant,
    /// Of a system user.
    Platform,
}

/// What every access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims<S> {
    /// The issuer: this platform.
    pub iss: String,
    /// Whom the token is for: the id of the tenant, or `platform`.
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// The token itself.
    pub jti: Uuid,
    /// The session.
    pub sid: Uuid,
    /// Whose token it is.
    pub typ: TokenType,
    /// What else is said of the user.
    #[serde(flatten)]
    pub subject: S,
}

/// The claims of a tenant user's token.
pub type TenantClaims = Claims<TenantSubject>;

/// The claims of a system user's token.
pub type PlatformClaims = Claims<PlatformSubject>;

/// What a token says of a tenant user. All but `tid` is for other services: this server decides by its live view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSubject {
    /// The tenant.
    pub tid: TenantId,
    /// Its slug at the time.
    pub tenant_slug: String,
    /// The user's e-mail address.
    pub email: String,
    /// The user's name to log in with.
    pub username: String,
    /// The user's roles.
    pub roles: Vec<String>,
    /// What the user may do.
    pub permissions: Vec<String>,
}

/// What a token says of a tenant user as whom a system user acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActingSubject {
    /// The user.
    #[serde(flatten)]
    pub user: TenantSubject,
    /// Who acts (RFC 8693 §4.1). This server goes by the session.
    pub act: Act,
}

/// The claim `act`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The system user.
    pub sub: Uuid,
}

/// What a token says of a system user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformSubject {
    /// The role at the time.
    pub role: SystemUserRole,
}

/// The part of the claims that differs from one type of token to the other.
pub trait Subject: Serialize + DeserializeOwned {
    /// The type of the tokens that say this.
    const TYPE: TokenType;

    /// Whom such a token is for.
    fn audience(&self) -> &str;
}

impl Subject for TenantSubject {
    const TYPE: TokenType = TokenType::Tenant;

    fn audience(&self) -> &str {
        self.tid.as_str()
    }
}

impl Subject for ActingSubject {
    const TYPE: TokenType = TokenType::Tenant;

    fn audience(&self) -> &str {
        self.user.audience()
    }
}

impl Subject for PlatformSubject {
    const TYPE: TokenType = TokenType::Platform;

    fn audience(&self) -> &str {
        PLATFORM_AUDIENCE
    }
}

/// A new access token.
pub struct AccessToken {
    token: SecretString,
    /// How long it is valid, in seconds.
    pub expires_in: i64,
}

impl AccessToken {
    /// The token as the client sends it.
    pub fn expose(&self) -> &str {
        self.token.expose_secret()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken")
    }
}

/// Why a token was refused. Whoever sent it is told no more than that, and whether it has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token, or one with a header that this server does not take.
    #[error("not an access token")]
    Malformed,
    /// Its key is unknown or retired.
    #[error("the access token was signed with another key")]
    UnknownKey,
    /// It was signed by somebody else, or changed on the way.
    #[error("the access token is not genuine")]
    NotGenuine,
    /// It has ended.
    #[error("the access token has expired")]
    Expired,
    /// It is genuine and says something else than such a token must say.
    #[error("the access token is not for this")]
    NotForThis,
}

/// Issues and verifies access tokens (RFC 7519, RFC 8725): `EdDSA`, and nothing else.
#[derive(Debug)]
pub struct TokenIssuer {
    ring: RwLock<Arc<Ring>>,
    issuer: String,
    lifetime: TimeDelta,
}

/// Keys, and the tokens that were verified with them: what was seen under other keys counts no more.
#[derive(Debug)]
struct Ring {
    keys: SigningKeys,
    seen: SeenTokens,
}

impl Ring {
    fn new(keys: SigningKeys, lifetime: TimeDelta) -> Arc<Self> {
        Arc::new(Self {
            keys,
            seen: SeenTokens::new(lifetime.to_std().unwrap_or_default()),
        })
    }
}

impl TokenIssuer {
    /// An issuer that calls itself `issuer` and whose tokens live for `lifetime`.
    pub fn new(keys: SigningKeys, issuer: String, lifetime: TimeDelta) -> Self {
        Self {
            ring: RwLock::new(Ring::new(keys, lifetime)),
            issuer,
            lifetime,
        }
    }

    /// Takes other keys from now on.
    pub fn replace(&self, keys: SigningKeys) {
        let ring = Ring::new(keys, self.lifetime);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
    }

    fn ring(&self) -> Arc<Ring> {
        let ring = self.ring.read();
        Arc::clone(&ring.unwrap_or_else(PoisonError::into_inner))
    }

    /// How long tokens live.
    pub fn lifetime(&self) -> TimeDelta {
        self.lifetime
    }

    /// The public keys, as a JSON Web Key Set.
    pub fn jwks(&self) -> Value {
        self.ring().keys.jwks()
    }

    /// A new token for a session of a user.
    ///
    /// # Errors
    /// What the library says when it cannot sign.
    pub fn issue<S: Subject>(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        subject: S,
    ) -> Result<AccessToken, jsonwebtoken::errors::Error> {
        self.issue_for(self.lifetime, user_id, session_id, subject)
    }

    /// A new token for a session of a user that lives no longer than `lifetime`, nor longer than others.
    ///
    /// # Errors
    /// As [`Self::issue`].
    pub fn issue_for<S: Subject>(
        &self,
        lifetime: TimeDelta,
        user_id: Uuid,
        session_id: Uuid,
        subject: S,
    ) -> Result<AccessToken, jsonwebtoken::errors::Error> {
        let ring = self.ring();
        let (kid, key) = ring.keys.signing();
        let now = Utc::now().timestamp();
        let expires_in = lifetime.min(self.lifetime).num_seconds();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: subject.audience().to_owned(),
            sub: user_id,
            iat: now,
            exp: now.saturating_add(expires_in),
            jti: Uuid::new_v4(),
            sid: session_id,
            typ: S::TYPE,
            subject,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(kid.to_owned());
        Ok(AccessToken {
            token: encode(&header, &claims, key)?.into(),
            expires_in,
        })
    }

    /// Whose token it is, for a tenant user's. The signature is verified at first sight, the end each time. Whoever asks
    /// compares the tenant with that of the request.
    pub fn bearer(&self, token: &str) -> Result<Arc<Bearer>, TokenError> {
        let ring = self.ring();
        let bearer = ring
            .seen
            .get(token, || self.verify_with(&ring.keys, token))?;
        if bearer.ends < Utc::now().timestamp().saturating_sub_unsigned(LEEWAY) {
            return Err(TokenError::Expired);
        }
        Ok(bearer)
    }

    /// The claims of a tenant user's token. Whoever asks compares `tid` with the tenant of the request.
    pub fn verify_tenant(&self, token: &str) -> Result<TenantClaims, TokenError> {
        self.verify(token)
    }

    /// The claims of a system user's token.
    pub fn verify_platform(&self, token: &str) -> Result<PlatformClaims, TokenError> {
        self.verify(token)
    }

    fn verify<S: Subject>(&self, token: &str) -> Result<Claims<S>, TokenError> {
        self.verify_with(&self.ring().keys, token)
    }

    fn verify_with<S: Subject>(
        &self,
        keys: &SigningKeys,
        token: &str,
    ) -> Result<Claims<S>, TokenError> {
        let header = decode_header(token).or(Err(TokenError::Malformed))?;
        let kid = acceptable_kid(&header)?;
        let key = keys.verifying(kid).ok_or(TokenError::UnknownKey)?;
        let claims = decode::<Claims<S>>(token, key, &self.validation())
            .map_err(|error| TokenError::of(error.kind()))?
            .claims;
        if claims.typ == S::TYPE && claims.aud == claims.subject.audience() {
            Ok(claims)
        } else {
            Err(TokenError::NotForThis)
        }
    }

    fn validation(&self) -> Validation {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The audience of a tenant's token is in the token; it is compared once its type is known.
        validation.validate_aud = false;
        validation
    }
}

/// The `kid` of a header that brings no key of its own and asks for nothing that must be understood.
fn acceptable_kid(header: &Header) -> Result<&str, TokenError> {
    let brings_a_key = header.jwk.is_some()
        || header.jku.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some();
    if header.alg != Algorithm::EdDSA || brings_a_key || header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    header.kid.as_deref().ok_or(TokenError::UnknownKey)
}

impl TokenError {
    fn of(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidSignature => Self::NotGenuine,
            ErrorKind::ExpiredSignature => Self::Expired,
            ErrorKind::Base64(_) | ErrorKind::InvalidToken | ErrorKind::Utf8(_) => Self::Malformed,
            _ => Self::NotForThis,
        }
    }
}

#[cfg(test)]
mod tests;
