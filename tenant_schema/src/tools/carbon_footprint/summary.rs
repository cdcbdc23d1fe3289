//! What is emitted in all, by period and scope.

use chrono::{NaiveDate, NaiveDateTime};
use connection::TenantConn;
use diesel::dsl::{count_star, sum};
use diesel::expression::{
    IsContainedInGroupBy, ValidGrouping, is_aggregate, is_contained_in_group_by,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Timestamp;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::CarbonFootprint;
use super::carbon_footprints;

/// What is summed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum Period {
    #[default]
    Month,
    Quarter,
    Year,
}

/// Which footprints are summed.
#[derive(Debug, Clone, Default)]
pub struct SummaryFilter {
    /// Of this day or later.
    pub from: Option<NaiveDate>,
    /// Of a day before this one.
    pub to: Option<NaiveDate>,
    /// Of this scope.
    pub scope: Option<i32>,
}

/// What is emitted in a period and scope.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CarbonSum {
    /// The first day of the period.
    pub period: NaiveDate,
    /// The scope, as of a footprint.
    #[schema(minimum = 1, maximum = 3)]
    pub scope: i32,
    /// Kilograms of CO₂ equivalent in all.
    #[schema(minimum = 0)]
    pub kg_co2e: f64,
    /// How many footprints it is of.
    #[schema(minimum = 1)]
    pub count: i64,
}

impl CarbonFootprint {
    /// The first `limit` sums of those that are not deleted, the earliest period first, and in it by scope.
    pub async fn summary(
        period: Period,
        filter: &SummaryFilter,
        limit: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<CarbonSum>> {
        let start = Start(period);
        let mut query = carbon_footprints::table
            .filter(carbon_footprints::deleted_at.is_null())
            .group_by((start, carbon_footprints::scope))
            .order((start, carbon_footprints::scope))
            .limit(limit)
            .select((
                start,
                carbon_footprints::scope,
                sum(carbon_footprints::kg_co2e),
                count_star(),
            ))
            .into_boxed();
        if let Some(from) = filter.from {
            query = query.filter(carbon_footprints::incurred_on.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(carbon_footprints::incurred_on.lt(to));
        }
        if let Some(scope) = filter.scope {
            query = query.filter(carbon_footprints::scope.eq(scope));
        }
        let rows: Vec<(NaiveDateTime, i32, Option<f64>, i64)> = query.load(&mut conn).await?;
        let sums = rows
            .into_iter()
            .map(|(start, scope, sum, count)| CarbonSum {
                period: start.date(),
                scope,
                kg_co2e: sum.unwrap_or_default(),
                count,
            });
        Ok(sums.collect())
    }
}

/// The start of the period that a footprint counts for.
///
/// `date_trunc` with the period in the text of the statement: a parameter would be another one in each clause, so that what is
/// selected would not be what is grouped by.
#[derive(Debug, Clone, Copy)]
struct Start(Period);

impl QueryId for Start {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for Start {
    type SqlType = Timestamp;
}

impl<Table> AppearsOnTable<Table> for Start where
    carbon_footprints::incurred_on: AppearsOnTable<Table>
{
}

impl<Table> SelectableExpression<Table> for Start where
    carbon_footprints::incurred_on: SelectableExpression<Table>
{
}

impl<Clause> ValidGrouping<Clause> for Start {
    type IsAggregate = is_aggregate::Never;
}

impl<Column> IsContainedInGroupBy<Column> for Start {
    type Output = is_contained_in_group_by::No;
}

impl QueryFragment<Pg> for Start {
    fn walk_ast<'query>(&'query self, mut out: AstPass<'_, 'query, Pg>) -> QueryResult<()> {
        out.push_sql(match self.0 {
            Period::Month => "date_trunc('month', CAST(",
            Period::Quarter => "date_trunc('quarter', CAST(",
            Period::Year => "date_trunc('year', CAST(",
        });
        carbon_footprints::incurred_on.walk_ast(out.reborrow())?;
        out.push_sql(" AS timestamp))");
        Ok(())
    }
}
