//! An update of a whole table by ranges of its pages, each range committed together with how far it came.
//!
//! A range of pages is found without an index (a TID range scan, PostgreSQL 14 and later). Rows that writers move to
//! pages behind the scan are met by the next pass; the update is over when a whole pass meets none.

use std::time::{Duration, Instant};

use super::options::StepEvent;
use super::{Application, ProvisionError};
use crate::provisioner::backoff::Backoff;
use crate::provisioner::identifier::{quote_identifier, quote_literal};
use crate::provisioner::plan::step::{Batches, Step};

/// Pages of the first batch.
const FIRST_RANGE: u32 = 64;

/// Pages of the largest batch: 2 MiB. Pages that an earlier backfill emptied go by at no cost, and the first full ones after
/// them would come in a batch of whatever size had been reached: with 256 MiB its rows were locked for five seconds.
const LARGEST_RANGE: u32 = 256;

/// How long a batch should take: short for those who wait for its rows, long beside the cost of a commit.
const AIM: Duration = Duration::from_millis(150);

/// Passes over the table before it is clear that the update does not make its own condition false.
const MOST_PASSES: u32 = 20;

/// Where an update is. Kept in `shared.backfills` with every batch.
struct Position {
    next_page: u32,
    range: u32,
}

/// One committed batch.
struct Batch {
    end: u32,
    rows: u64,
}

impl Application<'_> {
    /// Runs a step in batches, from where an interrupted run left it.
    pub(super) async fn batches(
        &mut self,
        place: usize,
        step: &Step,
        batches: &Batches,
    ) -> Result<Vec<Duration>, (usize, ProvisionError)> {
        let begun = Instant::now();
        self.tell(&StepEvent::Started { position: place });
        let outcome = self.all_passes(place, step, batches).await;
        let left = self.leave().await;
        outcome.map_err(|error| (0, error))?;
        left.map_err(|error| (0, error.into()))?;
        Ok(vec![begun.elapsed()])
    }

    async fn all_passes(
        &mut self,
        place: usize,
        step: &Step,
        batches: &Batches,
    ) -> Result<(), ProvisionError> {
        self.enter(step).await?;
        let mut position = Position {
            next_page: self.begin_or_go_on(batches).await?,
            range: FIRST_RANGE,
        };
        for _ in 0..MOST_PASSES {
            let is_whole = position.next_page == 0;
            let rows = self.pass(place, step, batches, &mut position).await?;
            let is_over = is_whole && rows == 0;
            self.end_pass(batches, is_over).await?;
            if is_over {
                return Ok(());
            }
            position.next_page = 0;
        }
        let reason = format!("rows that match `{}` keep coming", batches.condition);
        let step = step.name.clone();
        Err(ProvisionError::Step { step, reason })
    }

    /// Goes from the position to the last page that the table has at the start. Says how many rows were updated.
    async fn pass(
        &mut self,
        place: usize,
        step: &Step,
        batches: &Batches,
        position: &mut Position,
    ) -> Result<u64, ProvisionError> {
        let pages = self.pages(batches).await?;
        let mut rows = 0;
        while position.next_page < pages {
            let page = position.next_page;
            let batch = self.batch(place, step, batches, position, pages).await?;
            rows += batch.rows;
            self.applied.rows_backfilled += batch.rows;
            position.next_page = batch.end;
            self.tell(&StepEvent::Batch {
                position: place,
                page,
                next_page: batch.end,
                pages,
                rows: batch.rows,
            });
        }
        Ok(rows)
    }

    /// Commits one batch, and chooses the size of the next one by how long it took.
    async fn batch(
        &mut self,
        place: usize,
        step: &Step,
        batches: &Batches,
        position: &mut Position,
        pages: u32,
    ) -> Result<Batch, ProvisionError> {
        let mut backoff = Backoff::of(self.options.lock_patience);
        loop {
            let end = position.next_page.saturating_add(position.range).min(pages);
            let sql = self.update(batches, position.next_page, end);
            let spent = backoff.spent();
            let begun = Instant::now();
            match self.session.values(&sql).await {
                Ok(values) => {
                    self.waited(spent);
                    position.range = next_range(position.range, begun.elapsed());
                    let rows = values.first().and_then(|rows| rows.parse().ok());
                    let rows = rows.unwrap_or_default();
                    return Ok(Batch { end, rows });
                }
                Err(error) => {
                    let steps = std::slice::from_ref(step);
                    self.contend(place, steps, 0, error, &mut backoff).await?;
                    // Fewer rows are locked at once, and less is lost when it fails again.
                    position.range = (position.range / 2).max(1);
                }
            }
        }
    }

    /// Updates the rows of a range of pages and the record of the progress in one statement, and so in one transaction.
    fn update(&self, batches: &Batches, page: u32, end: u32) -> String {
        let table = quote_identifier(&batches.table);
        format!(
            "WITH updated AS (
                 UPDATE {table} SET {} WHERE ctid >= '({page},0)'::tid AND ctid < '({end},0)'::tid AND ({}) RETURNING 1),
             counted AS (SELECT count(*) AS rows FROM updated)
             UPDATE shared.backfills b SET next_page = {end}, rows = b.rows + c.rows FROM counted c
              WHERE b.schema_name = {} AND b.name = {} RETURNING c.rows",
            batches.set,
            batches.condition,
            quote_literal(self.schema.as_str()),
            quote_literal(&batches.name),
        )
    }

    /// The page to begin with: that of a run that was cut off, or the first one.
    async fn begin_or_go_on(&self, batches: &Batches) -> Result<u32, ProvisionError> {
        let sql = format!(
            "INSERT INTO shared.backfills AS b (schema_name, name) VALUES ({}, {})
             ON CONFLICT (schema_name, name) DO UPDATE
                SET next_page = CASE WHEN b.finished_at IS NULL THEN b.next_page ELSE 0 END,
                    passes = CASE WHEN b.finished_at IS NULL THEN b.passes ELSE 0 END,
                    rows = CASE WHEN b.finished_at IS NULL THEN b.rows ELSE 0 END,
                    started_at = CASE WHEN b.finished_at IS NULL THEN b.started_at ELSE now() END,
                    finished_at = NULL
             RETURNING next_page",
            quote_literal(self.schema.as_str()),
            quote_literal(&batches.name),
        );
        let values = self.session.values(&sql).await?;
        Ok(number(&values))
    }

    async fn end_pass(&self, batches: &Batches, is_over: bool) -> Result<(), ProvisionError> {
        let finished_at = if is_over { "now()" } else { "NULL" };
        let sql = format!(
            "UPDATE shared.backfills SET next_page = 0, passes = passes + 1, finished_at = {finished_at}
              WHERE schema_name = {} AND name = {}",
            quote_literal(self.schema.as_str()),
            quote_literal(&batches.name),
        );
        Ok(self.session.batch(&sql).await?)
    }

    async fn pages(&self, batches: &Batches) -> Result<u32, ProvisionError> {
        let table = quote_literal(&quote_identifier(&batches.table));
        let sql = format!(
            "SELECT pg_relation_size({table}::regclass) / current_setting('block_size')::bigint"
        );
        Ok(number(&self.session.values(&sql).await?))
    }
}

fn number(values: &[String]) -> u32 {
    let value = values.first().and_then(|value| value.parse().ok());
    value.unwrap_or_default()
}

/// Twice as many pages when a batch took less than half of what it should, in proportion when it took longer.
fn next_range(range: u32, took: Duration) -> u32 {
    if took * 2 < AIM {
        return (range * 2).min(LARGEST_RANGE);
    }
    if took <= AIM {
        return range;
    }
    let (aim, took) = (AIM.as_millis(), took.as_millis().max(1));
    let fewer = u128::from(range) * aim / took;
    u32::try_from(fewer).unwrap_or(range).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_batch_doubles_the_next_one_and_a_slow_one_shrinks_it() {
        assert_eq!(next_range(64, Duration::from_millis(10)), 128);
        assert_eq!(next_range(64, Duration::from_millis(100)), 64);
        assert_eq!(next_range(64, Duration::from_millis(600)), 16);
        assert_eq!(next_range(1, Duration::from_mins(1)), 1);
        let largest = next_range(LARGEST_RANGE, Duration::ZERO);
        assert_eq!(largest, LARGEST_RANGE);
    }
}
