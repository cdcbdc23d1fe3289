//! Tokens that set a password: a new one for a forgotten one, or the first one of somebody invited.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::user::{User, users};
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

impl PasswordResetToken {
    /// Adds a token for a user who is not deleted, and voids those before it. For an id that nobody has, the same work adds
    /// nothing. Belongs into a transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn issue(
        user_id: Uuid,
        token_hash: &[u8],
        expires_at: DateTime<Utc>,
        conn: &mut TenantConn,
    ) -> QueryResult<()> {
        // Of two at once, the later voids the earlier.
        User::lock(user_id, conn).await.optional()?;
        Self::void_all_of(user_id, conn).await?;
        let mut shared: &TenantConn = conn;
        users::table
            .find(user_id)
            .filter(users::deleted_at.is_null())
            .select((
                Uuid::now_v7().into_sql::<sql_types::Uuid>(),
                users::id,
                token_hash.into_sql::<sql_types::Binary>(),
                expires_at.into_sql::<sql_types::Timestamptz>(),
            ))
            .insert_into(password_reset_tokens::table)
            .into_columns((
                password_reset_tokens::id,
                password_reset_tokens::user_id,
                password_reset_tokens::token_hash,
                password_reset_tokens::expires_at,
            ))
            .execute(&mut shared)
            .await
            .map(drop)
    }

    /// The token of this hash, if it can be used yet.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_open(token_hash: &[u8], mut conn: &TenantConn) -> QueryResult<Option<Self>> {
        password_reset_tokens::table
            .filter(password_reset_tokens::token_hash.eq(token_hash))
            .filter(password_reset_tokens::used_at.is_null())
            .filter(password_reset_tokens::expires_at.gt(now))
            .select(Self::as_select())
            .first(&mut conn)
            .await
            .optional()
    }

    /// Uses the token up. Of several who do so at once, one succeeds, if they have locked the user before.
    ///
    /// # Errors
    /// `NotFound` for a token that cannot be used any more.
    pub(super) async fn redeem(id: Uuid, mut conn: &TenantConn) -> QueryResult<()> {
        diesel::update(password_reset_tokens::table.find(id))
            .filter(password_reset_tokens::used_at.is_null())
            .filter(password_reset_tokens::expires_at.gt(now))
            .set(password_reset_tokens::used_at.eq(now))
            .returning(password_reset_tokens::id)
            .get_result::<Uuid>(&mut conn)
            .await
            .map(drop)
    }

    /// Voids all tokens of a user that were not used.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn void_all_of(user_id: Uuid, mut conn: &TenantConn) -> QueryResult<()> {
        let unused = password_reset_tokens::table
            .filter(password_reset_tokens::user_id.eq(user_id))
            .filter(password_reset_tokens::used_at.is_null());
        diesel::delete(unused).execute(&mut conn).await.map(drop)
    }
}
