//! Jobs that one node at a time does.

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;

/// What tells the locks of jobs from other advisory locks.
const LOCK_SEED: i64 = 0x6a6f_6273;

#[diesel::declare_sql_function]
extern "SQL" {
    /// Takes an advisory lock until the session ends, or says that somebody holds it (manual, 9.27.10).
    fn pg_try_advisory_lock(key: BigInt) -> Bool;
    /// A 64-bit hash of a text.
    fn hashtextextended(text: Text, seed: BigInt) -> BigInt;
}

/// A job of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job(pub &'static str);

impl Job {
    /// Takes the job until the session of this connection ends; `false` where another node has it.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn try_take(self, mut conn: &PlatformConn) -> QueryResult<bool> {
        let key = hashtextextended(self.0, LOCK_SEED);
        diesel::select(pg_try_advisory_lock(key))
            .get_result(&mut conn)
            .await
    }
}
