//! Tokens that prove who owns an address.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::user::{User, users};
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

impl EmailVerificationToken {
    /// Adds a token for a user who is not deleted, and voids those before it. For an id that nobody has, the same work adds
    /// nothing. Belongs into a transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn issue(
        user_id: Uuid,
        email: &str,
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
                email.into_sql::<sql_types::Text>().nullable(),
            ))
            .insert_into(email_verification_tokens::table)
            .into_columns((
                email_verification_tokens::id,
                email_verification_tokens::user_id,
                email_verification_tokens::token_hash,
                email_verification_tokens::expires_at,
                email_verification_tokens::email,
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
        email_verification_tokens::table
            .filter(email_verification_tokens::token_hash.eq(token_hash))
            .filter(email_verification_tokens::used_at.is_null())
            .filter(email_verification_tokens::expires_at.gt(now))
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
        diesel::update(email_verification_tokens::table.find(id))
            .filter(email_verification_tokens::used_at.is_null())
            .filter(email_verification_tokens::expires_at.gt(now))
            .set(email_verification_tokens::used_at.eq(now))
            .returning(email_verification_tokens::id)
            .get_result::<Uuid>(&mut conn)
            .await
            .map(drop)
    }

    /// Voids all tokens of a user that were not used.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn void_all_of(user_id: Uuid, mut conn: &TenantConn) -> QueryResult<()> {
        let unused = email_verification_tokens::table
            .filter(email_verification_tokens::user_id.eq(user_id))
            .filter(email_verification_tokens::used_at.is_null());
        diesel::delete(unused).execute(&mut conn).await.map(drop)
    }
}
