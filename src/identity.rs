//! Who is calling and what they may do: logins, tokens, keys, the permission decision, and what a request proves.
//!
//! The first group of files knows no HTTP. The others take a request apart: who is at which tenant's door, with what right.

pub mod api_key;
pub mod bootstrap;
pub mod permission;
pub mod refresh_token;
pub mod signing_key;
pub mod token;
pub mod working_hours;

pub mod access_cache;
pub mod act_as;
pub mod actor;
pub mod api_key_changes;
pub mod attempts;
pub mod audit_trail;
pub mod authority;
pub mod authorized;
pub mod bearer;
pub mod client;
pub mod creation;
pub mod door;
pub mod email;
pub mod email_change;
pub mod email_proof;
pub mod even_time;
mod failures;
pub mod features;
pub mod generated_password;
pub mod invitation;
pub mod lasting_caller;
pub mod login;
pub mod password_change;
pub mod password_reset;
pub mod platform_visitor;
pub mod refresh_cookie;
pub mod registration;
pub mod rotation;
pub mod scraper;
pub mod secret_fields;
pub mod session_end;
pub mod setting_changes;
pub mod signed_in;
pub mod signing_key_watch;
pub mod support_access;
pub mod system_caller;
pub mod system_sessions;
pub mod unlocking;
pub mod user_sessions;
pub mod visible_changes;
pub mod visit;
pub mod visitor;
pub mod working_day;

use actix_web::{HttpRequest, web};
use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::Value;

use self::access_cache::AccessCache;
use self::attempts::Attempts;
use self::signing_key::{SigningKeyError, SigningKeys};
use self::token::TokenIssuer;
use crate::config::Config;
use crate::error::ApiError;
use crate::platform::Platform;
use crate::tenancy::{PoolError, SettleError};

/// What the server needs to know callers by.
#[derive(Debug)]
pub struct Identity {
    tokens: TokenIssuer,
    accesses: AccessCache,
    attempts: Attempts,
    session_lifetime: TimeDelta,
    metrics_token: Option<SecretString>,
}

/// Why the server cannot know anybody.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The signing keys cannot be read or made.
    #[error(transparent)]
    Keys(#[from] SigningKeyError),
    /// No connection to the platform.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The first key was not kept.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

impl Identity {
    /// Loads the signing keys, or makes the first one.
    ///
    /// # Errors
    /// A database that is not there, or keys that cannot be read or made.
    pub async fn open(config: &Config, platform: &Platform) -> Result<Self, IdentityError> {
        let mut lease = platform.pools.platform().await?;
        let keys = SigningKeys::load_or_create(&mut lease).await?;
        lease.finish().await?;
        let attempts = Attempts::new(&config.limits);
        let config = &config.identity;
        let lifetime = TimeDelta::seconds(config.jwt_access_ttl.into());
        Ok(Self {
            tokens: TokenIssuer::new(keys, config.jwt_issuer.clone(), lifetime),
            accesses: AccessCache::new(platform.pools.clone(), platform.changes.clone()),
            attempts,
            session_lifetime: TimeDelta::seconds(config.jwt_refresh_ttl.into()),
            metrics_token: config.metrics_token.clone(),
        })
    }

    /// The identity behind a request.
    ///
    /// # Errors
    /// `internal` where the server was put together without one.
    pub fn of(request: &HttpRequest) -> Result<&web::Data<Self>, ApiError> {
        let data = request.app_data::<web::Data<Self>>();
        data.ok_or_else(|| ApiError::internal("the application has no identity"))
    }

    /// Issues and verifies access tokens.
    pub fn tokens(&self) -> &TokenIssuer {
        &self.tokens
    }

    /// What users may do, remembered.
    pub fn accesses(&self) -> &AccessCache {
        &self.accesses
    }

    /// Counts attempts to get at a credential.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// How long a session lives that is not used.
    pub fn session_lifetime(&self) -> TimeDelta {
        self.session_lifetime
    }

    /// The token that the metrics are read with, if there is one.
    pub fn metrics_token(&self) -> Option<&SecretString> {
        self.metrics_token.as_ref()
    }

    /// The public keys, as a JSON Web Key Set.
    pub fn jwks(&self) -> Value {
        self.tokens.jwks()
    }
}
