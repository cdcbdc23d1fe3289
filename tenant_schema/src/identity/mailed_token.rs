//! What tokens have in common that are mailed to users and used once: issued, found, redeemed, voided.

/// Writes it for `$token` in `$table`. What the token proves beside its user, if anything, is the column `$proof`.
macro_rules! mailed_token {
    ($token:ident in $table:ident $(, proving $proof:ident)?) => {
        const _: () = {
            use chrono::{DateTime, Utc};
            use connection::TenantConn;
            use diesel::dsl::now;
            use diesel::prelude::*;
            use diesel::sql_types;
            use diesel_async::RunQueryDsl;
            use uuid::Uuid;
            use $crate::identity::user::{User, users};

            impl $token {
                /// Adds a token for a user who is not deleted, and voids those before it. For an id that nobody has, the same
                /// work adds nothing. Belongs into a transaction.
                ///
                /// # Errors
                /// What the database says.
                pub async fn issue(
                    user_id: Uuid,
                    $($proof: &str,)?
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
                            $($proof.into_sql::<sql_types::Text>().nullable(),)?
                        ))
                        .insert_into($table::table)
                        .into_columns((
                            $table::id,
                            $table::user_id,
                            $table::token_hash,
                            $table::expires_at,
                            $($table::$proof,)?
                        ))
                        .execute(&mut shared)
                        .await
                        .map(drop)
                }

                /// The token of this hash, if it can be used yet.
                ///
                /// # Errors
                /// What the database says.
                pub async fn find_open(
                    token_hash: &[u8],
                    mut conn: &TenantConn,
                ) -> QueryResult<Option<Self>> {
                    $table::table
                        .filter($table::token_hash.eq(token_hash))
                        .filter($table::used_at.is_null())
                        .filter($table::expires_at.gt(now))
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
                    diesel::update($table::table.find(id))
                        .filter($table::used_at.is_null())
                        .filter($table::expires_at.gt(now))
                        .set($table::used_at.eq(now))
                        .returning($table::id)
                        .get_result::<Uuid>(&mut conn)
                        .await
                        .map(drop)
                }

                /// Voids all tokens of a user that were not used.
                ///
                /// # Errors
                /// What the database says.
                pub(super) async fn void_all_of(
                    user_id: Uuid,
                    mut conn: &TenantConn,
                ) -> QueryResult<()> {
                    let unused = $table::table
                        .filter($table::user_id.eq(user_id))
                        .filter($table::used_at.is_null());
                    diesel::delete(unused).execute(&mut conn).await.map(drop)
                }
            }
        };
    };
}

pub(super) use mailed_token;
