//! Steps: one statement each, with its lock, its limits and how to tell that it is done already.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hazard::Hazard;

/// One statement of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it does, in words: `add column users.phone`.
    pub name: String,
    /// Why, where the name does not say it.
    pub why: Option<String>,
    /// The statement, without a schema's name in it.
    pub sql: String,
    /// The strongest lock it takes on a table that existed before.
    pub lock: LockClass,
    /// The tables it locks.
    pub tables: Vec<String>,
    /// Whether it writes a whole table anew.
    pub rewrites: bool,
    /// Whether it can be inside a transaction.
    pub transactional: bool,
    /// Whether a later step could undo it without losing anything.
    pub reversible: bool,
    /// How long it waits for a lock before it gives way and tries again, in milliseconds.
    pub lock_timeout_ms: u32,
    /// How long it may run, in milliseconds.
    pub statement_timeout_ms: u32,
    /// An SQL condition that holds when the step has been done already.
    pub done_when: String,
    /// What takes away the remains of an attempt that failed, such as an index that is not valid; run before the next
    /// attempt of a step that cannot be inside a transaction.
    pub left_over: Option<String>,
    /// Set where the statement is run in batches; `sql` then shows what they amount to.
    pub batches: Option<Batches>,
    /// What it can cost.
    pub hazards: Vec<Hazard>,
}

/// An `UPDATE` that is run a range of pages at a time, each in its own transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batches {
    /// Name under which the progress is kept: the backfill's, or the column's.
    pub name: String,
    /// The table.
    pub table: String,
    /// What follows `SET`.
    pub set: String,
    /// The rows that still need it. A row that was updated must not match any more.
    pub condition: String,
}

/// PostgreSQL's table-level locks, as far as schema changes take them, weakest first
/// (PostgreSQL manual, 13.3.1 Table-Level Locks).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LockClass {
    /// No lock on any table that existed before.
    None,
    /// Rows are updated; readers and other writers go on.
    RowExclusive,
    /// Readers and writers go on; other schema changes wait.
    ShareUpdateExclusive,
    /// Readers go on, writers wait.
    Share,
    /// Readers go on, writers wait.
    ShareRowExclusive,
    /// Readers and writers wait.
    AccessExclusive,
}

impl fmt::Display for LockClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
            Self::RowExclusive => "row exclusive",
            Self::ShareUpdateExclusive => "share update exclusive",
            Self::Share => "share",
            Self::ShareRowExclusive => "share row exclusive",
            Self::AccessExclusive => "access exclusive",
        })
    }
}
