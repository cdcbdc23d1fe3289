//! How far each backfill of each schema is. What a backfill does is said by the tenant schema's own crate.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::PlatformConn;
use crate::schema::backfills;

/// How far a backfill of a schema is.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery, Identifiable)]
#[diesel(table_name = backfills, primary_key(schema_name, name), check_for_backend(Pg))]
pub struct BackfillProgress {
    /// The schema whose rows are filled.
    pub schema_name: String,
    /// Name of the backfill.
    pub name: String,
    /// First page of the table that the current pass has not reached.
    pub next_page: i64,
    /// Passes over the whole table that are over.
    pub passes: i32,
    /// Rows that were updated, in all passes.
    pub rows: i64,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When a whole pass found nothing left to update.
    pub finished_at: Option<DateTime<Utc>>,
}

impl BackfillProgress {
    /// How far a backfill of a schema is, if it ever began.
    pub async fn find(
        schema: &str,
        name: &str,
        mut conn: &PlatformConn,
    ) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(backfills::schema_name.eq(schema))
            .filter(backfills::name.eq(name))
            .first(&mut conn)
            .await
            .optional()
    }

    /// Names of the backfills of a schema that are over, in no particular order.
    pub async fn finished(schema: &str, mut conn: &PlatformConn) -> QueryResult<Vec<String>> {
        backfills::table
            .filter(backfills::schema_name.eq(schema))
            .filter(backfills::finished_at.is_not_null())
            .select(backfills::name)
            .load(&mut conn)
            .await
    }

    /// Records that these backfills have nothing to do in a schema, which was built after them.
    pub async fn settle(schema: &str, names: &[&str], mut conn: &PlatformConn) -> QueryResult<()> {
        let row = |name: &&str| {
            (
                backfills::schema_name.eq(schema.to_owned()),
                backfills::name.eq((*name).to_owned()),
                backfills::finished_at.eq(now),
            )
        };
        diesel::insert_into(backfills::table)
            .values(names.iter().map(row).collect::<Vec<_>>())
            .on_conflict_do_nothing()
            .execute(&mut conn)
            .await
            .map(drop)
    }
}
