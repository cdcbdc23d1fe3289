//! Soft deletion of the nouns that are no plain resource, for which `#[derive(Resource)]` writes it.

/// Writes how one of `$table` is found, locked, deleted softly and restored. All but `find` is seen where `$visibility` says,
/// and belongs into a transaction, which is the caller's: it records the change in the audit log, too.
macro_rules! softly_deleted {
    ($visibility:vis $model:ident of $table:ident) => {
        impl $model {
            /// The one of this id, not deleted.
            ///
            /// # Errors
            /// `NotFound` when there is none.
            pub async fn find(id: Uuid, mut conn: &TenantConn) -> QueryResult<Self> {
                $table::table
                    .find(id)
                    .filter($table::deleted_at.is_null())
                    .select(Self::as_select())
                    .first(&mut conn)
                    .await
            }

            /// The one of this id, deleted or not, with the row locked until the transaction ends.
            ///
            /// # Errors
            /// `NotFound` when there is none.
            $visibility async fn lock(id: Uuid, mut conn: &TenantConn) -> QueryResult<Self> {
                $table::table
                    .find(id)
                    .select(Self::as_select())
                    .for_no_key_update()
                    .first(&mut conn)
                    .await
            }

            /// Deletes it softly. What belongs to it stays, for when it is restored. Gives it as it is then.
            $visibility async fn delete(&self, mut conn: &TenantConn) -> QueryResult<Self> {
                let now = $crate::clock::clock_timestamp;
                diesel::update($table::table.find(self.id))
                    .set(($table::deleted_at.eq(now().nullable()), $table::updated_at.eq(now())))
                    .returning(Self::as_returning())
                    .get_result(&mut conn)
                    .await
            }

            /// Undoes a deletion. Gives it as it is then.
            ///
            /// # Errors
            /// A violation of a unique key that another one has taken meanwhile.
            $visibility async fn restore(&self, mut conn: &TenantConn) -> QueryResult<Self> {
                let never = None::<chrono::DateTime<chrono::Utc>>;
                let now = $crate::clock::clock_timestamp();
                diesel::update($table::table.find(self.id))
                    .set(($table::deleted_at.eq(never), $table::updated_at.eq(now)))
                    .returning(Self::as_returning())
                    .get_result(&mut conn)
                    .await
            }
        }
    };
}

pub(crate) use softly_deleted;
