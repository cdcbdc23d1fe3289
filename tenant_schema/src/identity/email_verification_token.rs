//! Tokens that prove who owns an address.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::user::users;
use crate::TenantModel;

/// A mailed token that proves its reader to own the address, once.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = email_verification_tokens, check_for_backend(diesel::pg::Pg))]
pub struct EmailVerificationToken {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// Whose token it is.
    #[column(references = "users(id) on delete cascade")]
    pub user_id: Uuid,
    /// SHA-256 of the token.
    #[column(unique)]
    pub token_hash: Vec<u8>,
    /// When the token ends unused.
    pub expires_at: DateTime<Utc>,
    /// When the token was used, if so.
    pub used_at: Option<DateTime<Utc>>,
    /// When the token was made.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
}
