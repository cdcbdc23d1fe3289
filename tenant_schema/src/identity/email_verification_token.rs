//! Tokens that prove who owns an address.

use chrono::{DateTime, Utc};
use diesel::{Identifiable, Queryable, Selectable};
use uuid::Uuid;

use super::mailed_token::mailed_token;
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
    /// The address that it proves, in its one form: the user's own, or the one that shall take its place.
    #[column(check = "char_length(email) <= 254")]
    pub email: Option<String>,
}

mailed_token!(EmailVerificationToken in email_verification_tokens, proving email);
