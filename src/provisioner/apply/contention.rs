//! Contention: who holds what a step was waiting for, without a word of what they are doing.

use std::fmt;
use std::time::Duration;

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};
use diesel_async::RunQueryDsl;

use crate::provisioner::namespace::Namespace;
use crate::provisioner::plan::step::{LockClass, Step};
use crate::provisioner::raw_sql;

/// A lock that was not to be had in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contention {
    /// The step that needed it.
    pub step: String,
    /// How long it was tried for.
    pub waited: Duration,
    /// Who was in the way when the last attempt failed, oldest transaction first.
    pub holders: Vec<LockHolder>,
}

/// A session in the way of a step.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct LockHolder {
    /// Number of its process on the server.
    #[diesel(sql_type = Integer)]
    pub pid: i32,
    /// The table that it has locked; none for a transaction whose mere age is in the way.
    #[diesel(sql_type = Nullable<Text>)]
    pub table: Option<String>,
    /// The name that it gave itself.
    #[diesel(sql_type = Text)]
    pub application: String,
    /// What it does, in PostgreSQL's words: `active`, `idle in transaction`, ….
    #[diesel(sql_type = Text)]
    pub state: String,
    /// Age of its transaction in seconds.
    #[diesel(sql_type = BigInt)]
    pub seconds: i64,
}

/// Sessions that hold a lock in one of the modes `$3` on a table of the schema (on those in `$2`, where it names any);
/// and, where `$4`, those whose transactions are old enough for a concurrent step to wait for them.
const HOLDERS: &str = r"
    WITH holder(pid, relation) AS (
        SELECT DISTINCT ON (l.pid) l.pid, c.relname::text
          FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND n.nspname = $1 AND (c.relname = ANY($2) OR cardinality($2) = 0) AND l.mode = ANY($3)
         ORDER BY l.pid, c.relname)
    SELECT a.pid, h.relation AS table, coalesce(a.application_name, '') AS application, coalesce(a.state, 'unknown') AS state,
           coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::bigint AS seconds
      FROM pg_stat_activity a LEFT JOIN holder h ON h.pid = a.pid
     WHERE a.pid <> pg_backend_pid()
       AND (h.pid IS NOT NULL OR ($4 AND a.datname = current_database() AND a.xact_start IS NOT NULL))
     ORDER BY a.xact_start NULLS LAST, a.pid
     LIMIT 10";

impl Contention {
    /// Looks who is in the way of a step that has just failed.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn of(
        step: &Step,
        waited: Duration,
        schema: &Namespace,
        mut conn: &PlatformConn,
    ) -> QueryResult<Self> {
        let holders = raw_sql(HOLDERS)
            .bind::<Text, _>(schema.as_str())
            .bind::<Array<Text>, _>(&step.tables)
            .bind::<Array<Text>, _>(modes_against(step.lock))
            .bind::<Bool, _>(!step.transactional)
            .load(&mut conn)
            .await?;
        Ok(Self {
            step: step.name.clone(),
            waited,
            holders,
        })
    }
}

/// The modes of locks on tables as `pg_locks` names them, from the weakest (PostgreSQL manual, table 13.2).
const MODES: [&str; 8] = [
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
];

/// The modes that keep out a step with this lock: all but those it may have beside it. A step that updates rows can also wait
/// for the locks of rows, which those hold who have the weaker two.
fn modes_against(lock: LockClass) -> Vec<&'static str> {
    let beside: &[&str] = match lock {
        LockClass::None | LockClass::AccessExclusive => &[],
        LockClass::RowExclusive => &["AccessShareLock", "ShareUpdateExclusiveLock"],
        LockClass::ShareUpdateExclusive => &["AccessShareLock", "RowShareLock", "RowExclusiveLock"],
        LockClass::Share => &["AccessShareLock", "RowShareLock", "ShareLock"],
        LockClass::ShareRowExclusive => &["AccessShareLock", "RowShareLock"],
    };
    let against = MODES.into_iter().filter(|mode| !beside.contains(mode));
    against.collect()
}

impl fmt::Display for Contention {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waited = self.waited.as_secs_f64();
        write!(
            formatter,
            "the step `{}` got no lock in {waited:.1} s",
            self.step
        )?;
        for (index, holder) in self.holders.iter().enumerate() {
            formatter.write_str(if index == 0 { ": " } else { ", " })?;
            holder.fmt(formatter)?;
        }
        formatter.write_str(
            " (hint: repeat it when they are done, or end them with `pg_terminate_backend`)",
        )
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, seconds, .. } = self;
        write!(formatter, "process {pid} ({}", self.state)?;
        if !self.application.is_empty() {
            write!(formatter, ", `{}`", self.application)?;
        }
        write!(formatter, ", for {seconds} s)")?;
        match &self.table {
            Some(table) => write!(formatter, " holds `{table}`"),
            None => formatter.write_str(" has an old transaction"),
        }
    }
}
