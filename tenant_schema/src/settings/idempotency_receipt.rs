//! Receipts: answers to creations that carried an `Idempotency-Key`, to be given again for a day.
//!
//! A receipt is added in the transaction of its creation, so that a repetition after a crash finds both or neither.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::TenantModel;

/// Most ended receipts that one creation removes: more than it adds, so that they do not pile up, and soon done.
const SWEEP: i64 = 100;

#[diesel::declare_sql_function]
extern "SQL" {
    /// Takes an advisory lock until the transaction ends, or says that somebody holds it (manual, 9.27.10).
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}

/// The answer to a creation. Nobody reads it without the key that the client sent, which is not kept.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = idempotency_receipts, check_for_backend(diesel::pg::Pg))]
#[model(index(created_at))]
pub struct IdempotencyReceipt {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// Keyed hash of who asked for what, and of the key that they sent.
    #[column(unique, check = "octet_length(name) = 32")]
    pub name: Vec<u8>,
    /// Keyed hash of the request's body.
    pub request_hash: Vec<u8>,
    /// The answer, encrypted: it may hold a secret that is shown once.
    pub answer: Vec<u8>,
    /// When the answer was given.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
}

/// A receipt to be added.
#[derive(Debug, Clone, Insertable, AsChangeset)]
#[diesel(table_name = idempotency_receipts, check_for_backend(diesel::pg::Pg))]
pub struct NewIdempotencyReceipt {
    /// See [`IdempotencyReceipt::id`].
    pub id: Uuid,
    /// See [`IdempotencyReceipt::name`].
    pub name: Vec<u8>,
    /// See [`IdempotencyReceipt::request_hash`].
    pub request_hash: Vec<u8>,
    /// See [`IdempotencyReceipt::answer`].
    pub answer: Vec<u8>,
}

impl IdempotencyReceipt {
    /// Holds what `lock` stands for until the transaction ends; false while another transaction holds it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn try_lock(lock: i64, conn: &mut TenantConn) -> QueryResult<bool> {
        let mut shared: &TenantConn = conn;
        diesel::select(pg_try_advisory_xact_lock(lock))
            .get_result(&mut shared)
            .await
    }

    /// The receipt of this name, if it was given after `since`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find(
        name: &[u8],
        since: DateTime<Utc>,
        mut conn: &TenantConn,
    ) -> QueryResult<Option<Self>> {
        idempotency_receipts::table
            .filter(idempotency_receipts::name.eq(name))
            .filter(idempotency_receipts::created_at.gt(since))
            .select(Self::as_select())
            .first(&mut conn)
            .await
            .optional()
    }

    /// Removes some of the receipts that were given before `until`, but those that another transaction removes.
    async fn sweep(until: DateTime<Utc>, mut conn: &TenantConn) -> QueryResult<()> {
        let ended: Vec<Uuid> = idempotency_receipts::table
            .filter(idempotency_receipts::created_at.le(until))
            .order(idempotency_receipts::created_at)
            .limit(SWEEP)
            .select(idempotency_receipts::id)
            .for_update()
            .skip_locked()
            .load(&mut conn)
            .await?;
        if ended.is_empty() {
            return Ok(());
        }
        let ended = idempotency_receipts::table.filter(idempotency_receipts::id.eq_any(ended));
        diesel::delete(ended).execute(&mut conn).await.map(drop)
    }
}

impl NewIdempotencyReceipt {
    /// Adds the receipt in place of an ended one of its name, and removes some of those given before `until`. Belongs into the
    /// transaction that holds the lock.
    ///
    /// # Errors
    /// What the database says.
    pub async fn insert(&self, until: DateTime<Utc>, conn: &mut TenantConn) -> QueryResult<()> {
        let mut shared: &TenantConn = conn;
        IdempotencyReceipt::sweep(until, shared).await?;
        diesel::insert_into(idempotency_receipts::table)
            .values(self)
            .on_conflict(idempotency_receipts::name)
            .do_update()
            .set((self, idempotency_receipts::created_at.eq(now)))
            .execute(&mut shared)
            .await
            .map(drop)
    }
}
