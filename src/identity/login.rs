//! Logging in: a password against its hash, a new session, a pair of tokens. For tenant users and for system users.
//!
//! An unknown name, a wrong password and a disabled user get the same answer after the same work. No connection is held
//! while a password is hashed.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use platform_schema::{NewPlatformSession, SystemUser, Tenant};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tenant_schema::identity::{NewUserSession, Role, User};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Identity;
use super::client::Client;
use super::password::{Password, PasswordHash, Verification};
use super::refresh_token::{RefreshKey, RefreshToken};
use super::token::{PlatformClaims, TenantClaims};
use crate::error::{ApiError, Code};
use crate::platform::Platform;

/// Who someone says they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantCredentials {
    /// User name or e-mail address.
    username: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// The client's own name for its device.
    device_id: Option<String>,
}

/// Who a system user says they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlatformCredentials {
    /// E-mail address.
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// A user who has just logged in, with the tokens of the new session.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoggedIn<User> {
    /// Who logged in.
    pub user: User,
    /// JWT for the header `Authorization`.
    access_token: String,
    /// Opaque token for a new pair.
    refresh_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds that the access token lives.
    expires_in: u32,
}

/// What a session begins with.
struct Beginning {
    session_id: Uuid,
    key: RefreshKey,
    expires_at: DateTime<Utc>,
}

impl Identity {
    /// Logs a tenant user in. Gives the user with the names of their roles.
    ///
    /// # Errors
    /// `invalid_credentials`, `overloaded` when too many passwords wait, or a failure of the database.
    pub async fn login_user(
        &self,
        platform: &Platform,
        tenant: &Arc<Tenant>,
        credentials: &TenantCredentials,
        client: Client,
    ) -> Result<LoggedIn<(User, Vec<String>)>, ApiError> {
        let lease = platform.pools.lease(&tenant.id).await?;
        let found = User::find_for_login(credentials.username.trim(), &lease).await?;
        drop(lease);
        let stored = found.as_ref().and_then(|user| user.password_hash.clone());
        let rehashed = check(platform, &credentials.password, stored.map(PasswordHash::from_stored)).await?;
        let user = found.filter(|user| user.is_active).ok_or_else(|| ApiError::new(Code::InvalidCredentials))?;

        let beginning = self.begin()?;
        let session = NewUserSession {
            id: beginning.session_id,
            user_id: user.id,
            refresh_key: beginning.key.as_bytes().to_vec(),
            device_id: credentials.device_id.clone(),
            ip: client.ip,
            user_agent: client.user_agent,
            expires_at: beginning.expires_at,
        };
        let lease = platform.pools.lease(&tenant.id).await?;
        session.insert(&lease).await?;
        User::record_login(user.id, rehashed.as_ref().map(PasswordHash::as_stored), &lease).await?;
        let roles = Role::names_of(user.id, &lease).await?;
        let claims = TenantClaims::new(self.issue(user.id, beginning.session_id), tenant, &user, &roles);
        self.logged_in((user, roles), self.tokens().sign(&claims)?, &beginning)
    }

    /// Logs a system user in.
    ///
    /// # Errors
    /// As [`Self::login_user`].
    pub async fn login_system_user(&self, platform: &Platform, credentials: &PlatformCredentials, client: Client) -> Result<LoggedIn<SystemUser>, ApiError> {
        let lease = platform.pools.platform().await?;
        let found = SystemUser::find_by_email(credentials.email.trim(), &lease).await?;
        drop(lease);
        let stored = found.as_ref().map(|user| PasswordHash::from_stored(user.password_hash.clone()));
        let rehashed = check(platform, &credentials.password, stored).await?;
        let user = found.filter(|user| user.is_active).ok_or_else(|| ApiError::new(Code::InvalidCredentials))?;

        let beginning = self.begin()?;
        let session = NewPlatformSession {
            id: beginning.session_id,
            system_user_id: user.id,
            refresh_key: beginning.key.as_bytes().to_vec(),
            ip: client.ip,
            user_agent: client.user_agent,
            expires_at: beginning.expires_at,
        };
        let lease = platform.pools.platform().await?;
        session.insert(&lease).await?;
        SystemUser::record_login(user.id, rehashed.as_ref().map(PasswordHash::as_stored), &lease).await?;
        let claims = PlatformClaims::new(self.issue(user.id, beginning.session_id), &user);
        self.logged_in(user, self.tokens().sign(&claims)?, &beginning)
    }

    fn begin(&self) -> Result<Beginning, ApiError> {
        Ok(Beginning {
            session_id: Uuid::now_v7(),
            key: RefreshKey::generate().map_err(ApiError::internal)?,
            expires_at: Utc::now() + TimeDelta::seconds(self.refresh_ttl().into()),
        })
    }

    fn logged_in<User>(&self, user: User, access_token: String, beginning: &Beginning) -> Result<LoggedIn<User>, ApiError> {
        let refresh = RefreshToken::mint(beginning.session_id, 0, &beginning.key);
        Ok(LoggedIn { user, access_token, refresh_token: refresh.to_string(), token_type: "Bearer", expires_in: self.access_ttl() })
    }
}

impl<User> LoggedIn<User> {
    /// The same login with the user shown in another way.
    pub fn map<Shown>(self, show: impl FnOnce(User) -> Shown) -> LoggedIn<Shown> {
        LoggedIn {
            user: show(self.user),
            access_token: self.access_token,
            refresh_token: self.refresh_token,
            token_type: self.token_type,
            expires_in: self.expires_in,
        }
    }
}

/// Checks a password. Gives a new hash when the cost has changed since the stored one was made.
async fn check(platform: &Platform, presented: &SecretString, stored: Option<PasswordHash>) -> Result<Option<PasswordHash>, ApiError> {
    let password = Password::presented(presented).map_err(|error| ApiError::new(Code::InvalidCredentials).source(error))?;
    match platform.hasher.verify(&password, stored.as_ref()).await? {
        Verification::Mismatch => Err(ApiError::new(Code::InvalidCredentials)),
        Verification::Match => Ok(None),
        Verification::MatchNeedsRehash => Ok(Some(platform.hasher.hash(&password).await?)),
    }
}
