//! Who is calling and what they may do: passwords, tokens, keys, the permission decision, and what a request proves.
//!
//! The first group of files knows no HTTP. The others take a request apart: who is at which tenant's door, with what right.

pub mod bootstrap;
pub mod password;
pub mod permission;
pub mod refresh_token;
pub mod signing_key;
pub mod token;

pub mod authorized;
pub mod bearer;
pub mod client;
pub mod door;
pub mod email;
pub mod generated_password;
pub mod login;
pub mod signed_in;
pub mod system_caller;
pub mod visitor;

use actix_web::{HttpRequest, web};
use chrono::TimeDelta;
use serde_json::Value;

use self::signing_key::{SigningKeyError, SigningKeys};
use self::token::TokenIssuer;
use crate::config::IdentityConfig;
use crate::error::ApiError;
use crate::tenancy::{PoolError, TenantPools};

/// What the server needs to know callers by.
#[derive(Debug)]
pub struct Identity {
    tokens: TokenIssuer,
    session_lifetime: TimeDelta,
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
}

impl Identity {
    /// Loads the signing keys, or makes the first one.
    ///
    /// # Errors
    /// A database that is not there, or keys that cannot be read or made.
    pub async fn open(config: &IdentityConfig, pools: &TenantPools) -> Result<Self, IdentityError> {
        let keys = SigningKeys::load_or_create(&mut *pools.platform().await?).await?;
        let lifetime = TimeDelta::seconds(config.jwt_access_ttl.into());
        Ok(Self {
            tokens: TokenIssuer::new(keys, config.jwt_issuer.clone(), lifetime),
            session_lifetime: TimeDelta::seconds(config.jwt_refresh_ttl.into()),
        })
    }

    /// The identity behind a request.
    ///
    /// # Errors
    /// `internal` where the server was put together without one.
    pub fn of(request: &HttpRequest) -> Result<&Self, ApiError> {
        let data = request.app_data::<web::Data<Self>>();
        data.map(web::Data::get_ref)
            .ok_or_else(|| ApiError::internal("the application has no identity"))
    }

    /// Issues and verifies access tokens.
    pub fn tokens(&self) -> &TokenIssuer {
        &self.tokens
    }

    /// How long a session lives that is not used.
    pub fn session_lifetime(&self) -> TimeDelta {
        self.session_lifetime
    }

    /// The public keys, as a JSON Web Key Set.
    pub fn jwks(&self) -> Value {
        self.tokens.keys().jwks()
    }
}
