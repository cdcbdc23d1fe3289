//! Tokens that set a password: a new one for a forgotten one, or the first one of somebody invited.

use chrono::{DateTime, Utc};
use diesel::{Identifiable, Queryable, Selectable};
use uuid::Uuid;

use super::mailed_token::mailed_token;
use super::user::users;
use crate::TenantModel;

/// A mailed token that sets a new password, once.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = password_reset_tokens, check_for_backend(diesel::pg::Pg))]
pub struct PasswordResetToken {
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

mailed_token!(PasswordResetToken in password_reset_tokens);
