//! API keys: how programs sign in for a user.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
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
    /// When the key ends, if it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the key was last used.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When the key was ended, if so.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When the key was made.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
}
