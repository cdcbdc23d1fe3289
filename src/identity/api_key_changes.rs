//! A caller's API keys: made, rotated, revoked. It takes a session: a key makes no other keys, and ends none.

use chrono::{DateTime, TimeDelta, Utc};
use connection::TenantConn;
use ipnet::IpNet;
use platform_schema::Tenant;
use serde::Serialize;
use tenant_schema::identity::{ApiKey, NewApiKey};
use tenant_schema::settings::Change;
use uuid::Uuid;

use super::api_key::ApiKeySecret;
use super::permission::{Permission, UsersUpdate};
use super::signed_in::SignedIn;
use crate::error::ApiError;
use crate::resource::{KeptAnswer, Repeatable, Success};

/// What an API key is to be.
#[derive(Debug, Clone)]
pub struct ApiKeyOrder {
    /// What it is for.
    pub name: String,
    /// Permissions and patterns that it is confined to.
    pub scopes: Vec<String>,
    /// Networks that it is used from; any where there is none.
    pub networks: Vec<IpNet>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiKeyOrder {
    /// A key of `owner` as it was ordered, with the secret that stands for it.
    fn key(
        &self,
        owner: Uuid,
        rotated_from: Option<Uuid>,
    ) -> Result<(NewApiKey, ApiKeySecret), ApiError> {
        let secret = ApiKeySecret::generate().map_err(ApiError::internal)?;
        let order = self.clone();
        let key = NewApiKey {
            id: Uuid::now_v7(),
            user_id: owner,
            name: order.name,
            prefix: secret.shown(),
            key_hash: secret.hash().to_vec(),
            scopes: order.scopes,
            networks: order.networks,
            rotated_from,
            expires_at: order.expires_at,
        };
        Ok((key, secret))
    }

    /// The same as a key that there is.
    fn like(key: &ApiKey) -> Self {
        Self {
            name: key.name.clone(),
            scopes: key.scopes.clone(),
            networks: key.networks.clone(),
            expires_at: key.expires_at,
        }
    }
}

impl SignedIn {
    /// Makes a key of the caller's, and answers what `show` makes of it and its secret.
    ///
    /// # Errors
    /// `permission_denied` for a caller with an API key; as [`Self::create`].
    pub async fn create_api_key<V: Serialize>(
        &mut self,
        order: &ApiKeyOrder,
        request: Option<&Repeatable>,
        show: impl Fn(&Tenant, (ApiKey, ApiKeySecret)) -> Success<V>,
    ) -> Result<KeptAnswer, ApiError> {
        self.own_session()?;
        let owner = self.access().user.id;
        let work = async |conn: &mut TenantConn| {
            let (new, secret) = order.key(owner, None)?;
            let key = new.insert(conn).await?;
            let change = Change::created(&key);
            Ok(((key, secret), change))
        };
        self.create("api_keys.create", request, show, work).await
    }

    /// Revokes a key: the caller's own, or that of anybody where the caller may change users.
    ///
    /// # Errors
    /// `permission_denied` for a caller with an API key, `not_found` where there is no such key or it has ended, or a
    /// failure of the database.
    pub async fn revoke_api_key(&mut self, id: Uuid) -> Result<(), ApiError> {
        self.own_session()?;
        let may_any = self.decide(UsersUpdate::NAME).is_allowed();
        let owner = (!may_any).then_some(self.access().user.id);
        self.mutate("api_keys.delete", async |conn| {
            let key = ApiKey::lock(id, owner, conn).await?;
            let revoked = key.revoke(conn).await?;
            Ok(((), Change::updated(&key, &revoked)))
        })
        .await
    }

    /// Replaces a key of the caller's by a new one like it, while the old one lives on for `overlap`.
    ///
    /// # Errors
    /// As [`Self::revoke_api_key`].
    pub async fn rotate_api_key(
        &mut self,
        id: Uuid,
        overlap: TimeDelta,
    ) -> Result<(ApiKey, ApiKeySecret), ApiError> {
        self.own_session()?;
        let owner = self.access().user.id;
        let work = async |conn: &mut TenantConn| {
            let old = ApiKey::lock(id, Some(owner), conn).await?;
            let (new, secret) = ApiKeyOrder::like(&old).key(owner, Some(old.id))?;
            let new = new.insert(conn).await?;
            if overlap.is_zero() {
                old.revoke(conn).await?;
            } else {
                old.end_at(Utc::now() + overlap, conn).await?;
            }
            let change = Change::updated(&old, &new);
            Ok(((new, secret), change))
        };
        self.mutate("api_keys.rotate", work).await
    }
}
