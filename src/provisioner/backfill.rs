//! Which backfills a schema still needs.

use connection::PlatformConn;
use diesel::QueryResult;
use platform_schema::BackfillProgress;
use tenant_schema::backfill::{Backfill, backfills};

use super::namespace::Namespace;
use super::plan::step::Batches;

/// The backfills that have not come to their end in a schema, in the order of their numbers, as the planner takes them.
///
/// # Errors
/// What the database says.
pub async fn pending(schema: &Namespace, conn: &PlatformConn) -> QueryResult<Vec<Batches>> {
    pending_of(backfills(), schema, conn).await
}

/// As [`pending`], of a list of one's own.
///
/// # Errors
/// What the database says.
pub async fn pending_of(
    all: &[Backfill],
    schema: &Namespace,
    conn: &PlatformConn,
) -> QueryResult<Vec<Batches>> {
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let finished = BackfillProgress::finished(schema.as_str(), conn).await?;
    let is_pending = |backfill: &&Backfill| !finished.iter().any(|name| name == backfill.name);
    let mut pending: Vec<_> = all.iter().filter(is_pending).collect();
    pending.sort_by_key(|backfill| backfill.number);
    Ok(pending.into_iter().map(batches).collect())
}

/// Records that a schema which has just been built needs none of the backfills there are.
///
/// # Errors
/// What the database says.
pub async fn settle(schema: &Namespace, conn: &PlatformConn) -> QueryResult<()> {
    let names: Vec<_> = backfills().iter().map(|backfill| backfill.name).collect();
    if names.is_empty() {
        return Ok(());
    }
    BackfillProgress::settle(schema.as_str(), &names, conn).await
}

fn batches(backfill: &Backfill) -> Batches {
    Batches {
        name: backfill.name.to_owned(),
        table: backfill.table.to_owned(),
        set: backfill.set.to_owned(),
        condition: backfill.condition.to_owned(),
    }
}
