//! The chain of the audit log: each row's hash covers the row and the hash before it, so a row that was edited, removed or put
//! in between is found.
//!
//! Who can rewrite every later row can also forge their hashes. That is what anchors are for: heads of the chain that were kept
//! elsewhere.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{SubsecRound, Timelike};
use connection::TenantConn;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::{AuditLog, audit_logs};
use crate::TenantEnum as _;

/// Rows that are read at once.
const PAGE: i64 = 1_000;

/// What tells the locks of audit chains from other advisory locks.
const LOCK_SEED: i64 = 0x0061_7564_6974;

#[diesel::declare_sql_function]
extern "SQL" {
    /// Holds an advisory lock until the transaction ends (manual, 9.27.10). What it gives back is void.
    fn pg_advisory_xact_lock(key: BigInt) -> Text;
    /// A 64-bit hash of a text.
    fn hashtextextended(text: Text, seed: BigInt) -> BigInt;
    /// The schema that comes first on the path: the tenant's.
    fn current_schema() -> Text;
}

/// The last row of a chain, as far as it is known; a chain without rows has one, too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainHead {
    /// Its place: how many rows there are.
    pub position: i64,
    /// Its hash; empty before the first row.
    pub hash: Vec<u8>,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// A row is missing, or was put where none belongs.
    #[error("the row of place {expected} is missing")]
    Missing {
        /// The place.
        expected: i64,
    },
    /// The log ends before a row that was seen in it.
    #[error("the log ends at place {end}, and once reached place {seen}")]
    Cut {
        /// Where it ends.
        end: i64,
        /// Where it once ended.
        seen: i64,
    },
    /// The row is not the one that was seen there: it and those before it were written anew.
    #[error("the rows up to place {position} were written anew")]
    Rewritten {
        /// The place.
        position: i64,
    },
    /// A row is not what it was when it was written, or the row before it is not.
    #[error("the row of place {position} was edited, or stands where another stood")]
    Edited {
        /// The place.
        position: i64,
    },
}

impl ChainHead {
    /// The head of the tenant's chain. Nobody else extends it until the transaction ends.
    pub(super) async fn lock(mut conn: &TenantConn) -> QueryResult<Self> {
        let key = hashtextextended(current_schema(), LOCK_SEED);
        diesel::select(pg_advisory_xact_lock(key))
            .execute(&mut conn)
            .await?;
        // A statement of its own: it sees what was committed while the lock was waited for.
        let last: Option<(i64, Vec<u8>)> = audit_logs::table
            .order(audit_logs::position.desc())
            .select((audit_logs::position, audit_logs::hash))
            .first(&mut conn)
            .await
            .optional()?;
        Ok(last.map_or_else(Self::default, |(position, hash)| Self { position, hash }))
    }

    /// Gives `row` its place and hash, and is the new head then.
    pub(super) fn extend(&mut self, mut row: AuditLog) -> AuditLog {
        row.created_at = row.created_at.trunc_subsecs(6);
        row.position = self.position.saturating_add(1);
        row.hash = self.hash_of(&row);
        self.advance(&row);
        row
    }

    /// Goes on to `row`, which was read from the log.
    ///
    /// # Errors
    /// Where the row does not continue the chain.
    pub fn follow(&mut self, row: &AuditLog) -> Result<(), ChainFault> {
        let expected = self.position.saturating_add(1);
        if row.position != expected {
            return Err(ChainFault::Missing { expected });
        }
        if row.hash != self.hash_of(row) {
            return Err(ChainFault::Edited {
                position: row.position,
            });
        }
        self.advance(row);
        Ok(())
    }

    /// Follows the tenant's whole log from this head on, the last that was removed from it, and gives the head that it has now.
    /// `seen` is a head that the log once had, and must have had still.
    ///
    /// # Errors
    /// What the database says; within, where the chain is broken.
    pub async fn walk(
        &self,
        seen: Option<&Self>,
        conn: &TenantConn,
    ) -> QueryResult<Result<Self, ChainFault>> {
        let first = AuditLog::after(0, 1, conn).await?.into_iter().next();
        if let Some(row) = first.filter(|row| row.position <= self.position) {
            // It was removed, and somebody put it there.
            return Ok(Err(ChainFault::Edited {
                position: row.position,
            }));
        }
        let head = match self.walk_to(i64::MAX, seen, conn).await? {
            Ok(head) => head,
            Err(fault) => return Ok(Err(fault)),
        };
        let cut = seen.filter(|seen| seen.position > head.position);
        Ok(match cut {
            Some(seen) => Err(ChainFault::Cut {
                end: head.position,
                seen: seen.position,
            }),
            None => Ok(head),
        })
    }

    /// Follows the log from this head on to a place, or to its end where that comes first, and gives the head there.
    ///
    /// # Errors
    /// As [`Self::walk`].
    pub async fn walk_to(
        &self,
        place: i64,
        seen: Option<&Self>,
        conn: &TenantConn,
    ) -> QueryResult<Result<Self, ChainFault>> {
        let mut head = self.clone();
        while head.position < place {
            let left = place.saturating_sub(head.position);
            let rows = AuditLog::after(head.position, PAGE.min(left), conn).await?;
            let mut rows = rows
                .iter()
                .take_while(|row| row.position <= place)
                .peekable();
            if rows.peek().is_none() {
                break;
            }
            if let Err(fault) = rows.try_for_each(|row| head.step(row, seen)) {
                return Ok(Err(fault));
            }
        }
        Ok(Ok(head))
    }

    fn step(&mut self, row: &AuditLog, seen: Option<&Self>) -> Result<(), ChainFault> {
        self.follow(row)?;
        let position = self.position;
        match seen {
            Some(seen) if seen.position == position && seen.hash != self.hash => {
                Err(ChainFault::Rewritten { position })
            }
            _ => Ok(()),
        }
    }

    fn advance(&mut self, row: &AuditLog) {
        self.position = row.position;
        self.hash.clone_from(&row.hash);
    }

    /// The hash of a row that follows this head: SHA-256 of its fields as one JSON array, the hash before it first.
    fn hash_of(&self, row: &AuditLog) -> Vec<u8> {
        let who = (
            row.actor_type.label(),
            row.actor_id,
            row.acting_as,
            row.session_id,
            row.api_key_id,
        );
        let what = (
            &row.action,
            &row.object_type,
            &row.object_id,
            row.before.as_ref().map(in_order),
            row.after.as_ref().map(in_order),
        );
        let whence = (
            row.ip.map(|ip| ip.to_string()),
            &row.user_agent,
            &row.request_id,
            row.created_at.timestamp(),
            row.created_at.nanosecond(),
        );
        let fields = serde_json::json!([self.hash, row.position, row.id, who, what, whence]);
        digest(&SHA256, fields.to_string().as_bytes())
            .as_ref()
            .to_vec()
    }
}

/// The value with the keys of its objects in order: PostgreSQL keeps them in an order of its own.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, Value> = fields
                .iter()
                .map(|(key, value)| (key, in_order(value)))
                .collect();
            sorted
                .into_iter()
                .map(|(key, value)| (key.clone(), value))
                .collect()
        }
        Value::Array(items) => items.iter().map(in_order).collect(),
        other => other.clone(),
    }
}
