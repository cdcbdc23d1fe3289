//! The route of the summary of carbon footprints: what is emitted in all, by period and scope.

use std::str::FromStr;

use actix_web::web::ServiceConfig;
use chrono::{Datelike as _, NaiveDate};
use serde::Serialize;
use tenant_schema::tools::{CarbonFootprint, CarbonSum, Period, SummaryFilter};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::error::{ApiError, Code};
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::plain::Read;
use crate::resource::{FromQuery, QueryParameters, StrictQuery, Success};

/// Most rows in an answer: those of 83 years by month.
const MOST: usize = 3_000;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(summarize_carbon_footprints))]
pub struct Documentation;

/// Mounts the route.
pub fn configure(scope: &mut ServiceConfig) {
    let path = "/tools/carbon-footprints/summary";
    scope.service(Methods::at(path).get(summarize_carbon_footprints));
}

/// Sums what is emitted, by period and scope.
#[utoipa::path(get, path = "/tools/carbon-footprints/summary", tag = "carbon-footprints", params(SummaryParameters), responses((status = 200, body = Success<Summary>)),
    extensions(("x-permission" = json!("carbon_footprints.read"))))]
async fn summarize_carbon_footprints(
    caller: Authorized<Read<CarbonFootprint>>,
    query: StrictQuery<SummaryQuery>,
) -> Result<Success<Summary>, ApiError> {
    let SummaryQuery { period, filter } = query.0;
    let limit = i64::try_from(MOST).map_err(ApiError::internal)? + 1;
    let conn = caller.conn().await?;
    let rows = CarbonFootprint::summary(period.0, &filter, limit, conn).await?;
    Ok(Success::new("the emissions", Summary::of(rows)?))
}

/// What is emitted in all.
#[derive(Debug, Serialize, ToSchema)]
struct Summary {
    /// The sums, the earliest period first, and in it by scope; those without footprints are left out.
    #[schema(max_items = 3_000)]
    rows: Vec<CarbonSum>,
    /// Kilograms of CO₂ equivalent of all rows.
    #[schema(minimum = 0)]
    total_kg_co2e: f64,
    /// How many footprints all rows are of.
    #[schema(minimum = 0)]
    total_count: i64,
}

impl Summary {
    fn of(rows: Vec<CarbonSum>) -> Result<Self, ApiError> {
        if rows.len() > MOST {
            let detail =
                "there are more than 3,000 sums (hint: ask for a shorter span or a longer period)";
            return Err(ApiError::new(Code::BadRequest).detail(detail));
        }
        Ok(Self {
            total_kg_co2e: rows.iter().map(|row| row.kg_co2e).sum(),
            total_count: rows.iter().map(|row| row.count).sum(),
            rows,
        })
    }
}

/// What to sum, and how.
#[derive(Debug)]
struct SummaryQuery {
    period: PeriodName,
    filter: SummaryFilter,
}

/// The query as the documentation shows it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
struct SummaryParameters {
    /// What is summed together.
    #[param(inline, default = "month")]
    period: Option<PeriodNames>,
    /// Of this day or later.
    from: Option<NaiveDate>,
    /// Of a day before this one, which is after `from`.
    to: Option<NaiveDate>,
    /// Of this scope.
    #[param(minimum = 1, maximum = 3)]
    scope: Option<i32>,
}

/// The periods by their names.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only the documentation reads it")]
enum PeriodNames {
    Month,
    Quarter,
    Year,
}

/// A period, as a query names it.
#[derive(Debug, Default)]
struct PeriodName(Period);

impl FromStr for PeriodName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "month" => Ok(Self(Period::Month)),
            "quarter" => Ok(Self(Period::Quarter)),
            "year" => Ok(Self(Period::Year)),
            _ => Err("expected `month`, `quarter` or `year`"),
        }
    }
}

impl FromQuery for SummaryQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        let period = query.parsed("period")?.unwrap_or_default();
        let (from, to) = (day(query, "from")?, day(query, "to")?);
        if from.is_some() && to.is_some() && from >= to {
            return Err(QueryParameters::fault("to", "must be after `from`"));
        }
        let scope = query.number("scope", 1..=3)?;
        let scope = scope.map(i32::try_from).transpose();
        let scope = scope.map_err(ApiError::internal)?;
        let filter = SummaryFilter { from, to, scope };
        Ok(Self { period, filter })
    }
}

/// A day of the years that dates are written with (RFC 3339).
fn day(query: &mut QueryParameters, name: &str) -> Result<Option<NaiveDate>, ApiError> {
    let day: Option<NaiveDate> = query.parsed(name)?;
    match day {
        Some(day) if !(0..=9_999).contains(&day.year()) => Err(QueryParameters::fault(
            name,
            "must be of the years 0 to 9999",
        )),
        day => Ok(day),
    }
}
