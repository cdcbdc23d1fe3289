//! API keys: how programs sign in for a user.

mod life;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ipnet::IpNet;
use uuid::Uuid;

use super::user::users;
use crate::TenantModel;

/// A key that acts for its owner, within its scopes and the owner's current rights.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = api_keys, check_for_backend(diesel::pg::Pg))]
pub struct ApiKey {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// The owner.
    #[column(references = "users(id) on delete cascade")]
    pub user_id: Uuid,
    /// What the owner calls it.
    #[column(check = "char_length(name) between 1 and 100")]
    pub name: String,
    /// The first characters of the key, to tell it from others.
    pub prefix: String,
    /// SHA-256 of the key.
    #[column(unique)]
    pub key_hash: Vec<u8>,
    /// Permissions that the key is confined to.
    pub scopes: Vec<String>,
    /// Networks that the key is used from; any where there is none.
    #[column(default = "'{}'")]
    pub networks: Vec<IpNet>,
    /// The key that this one replaces, if it was rotated.
    pub rotated_from: Option<Uuid>,
    /// When the key ends, if it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the key was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When the key was ended, if so.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When the key was made.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
}

/// A key to be added.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = api_keys, check_for_backend(diesel::pg::Pg))]
pub struct NewApiKey {
    /// See [`ApiKey::id`].
    pub id: Uuid,
    /// See [`ApiKey::user_id`].
    pub user_id: Uuid,
    /// See [`ApiKey::name`].
    pub name: String,
    /// See [`ApiKey::prefix`].
    pub prefix: String,
    /// See [`ApiKey::key_hash`].
    pub key_hash: Vec<u8>,
    /// See [`ApiKey::scopes`].
    pub scopes: Vec<String>,
    /// See [`ApiKey::networks`].
    pub networks: Vec<IpNet>,
    /// See [`ApiKey::rotated_from`].
    pub rotated_from: Option<Uuid>,
    /// See [`ApiKey::expires_at`].
    pub expires_at: Option<DateTime<Utc>>,
}
