//! Routes of the calendar: what the events come to in a span of time, and all of them as iCalendar.

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use tenant_schema::tools::Event;
use utoipa::{IntoParams, OpenApi};

use crate::calendar::{Agenda, Feed, Span};
use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::lasting_caller::LastingCaller;
use crate::identity::permission::plain::Read;
use crate::resource::{FromQuery, NoQuery, QueryParameters, StrictQuery, Success};

/// The longest span that is looked at: a leap year.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// The span without an end of its own.
const USUAL: TimeDelta = TimeDelta::days(31);

/// The years of which spans are: calendars begin with the one, and nobody knows what clocks do in the other.
const YEARS: (i32, i32) = (1900, 2200);

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_occurrences, read_calendar))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(Methods::at("/tools/events/occurrences").get(list_occurrences))
        .service(Methods::at("/tools/events/calendar.ics").get(read_calendar));
}

/// Lists what takes place in a span of time, the earliest first: events that recur as often as they do, at the same time by the
/// clock of their zone.
#[utoipa::path(get, path = "/tools/events/occurrences", tag = "events", params(SpanParameters), responses((status = 200, body = Success<Agenda>)),
    extensions(("x-permission" = json!("events.read"))))]
async fn list_occurrences(
    caller: Authorized<Read<Event>>,
    span: StrictQuery<Span>,
) -> Result<Success<Agenda>, ApiError> {
    let agenda = Agenda::of(span.0, caller.conn().await?).await?;
    Ok(Success::new("what takes place", agenda))
}

/// Sends all events as iCalendar (RFC 5545), for calendars to subscribe to: by an API key with the scope `events.read`.
#[utoipa::path(get, path = "/tools/events/calendar.ics", tag = "events", responses((status = 200, description = "the calendar", body = String, content_type = "text/calendar")),
    extensions(("x-permission" = json!("events.read"))))]
async fn read_calendar(
    caller: Authorized<Read<Event>>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    Ok(Feed::of(LastingCaller::of(&caller)?).into_answer())
}

/// The span as the documentation shows it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
struct SpanParameters {
    /// What is over by then is left out (RFC 3339, from 1900 on); now, where absent.
    from: Option<DateTime<Utc>>,
    /// What begins then or later is left out (RFC 3339, until 2200): after `from` by 366 days at most; 31, where absent.
    to: Option<DateTime<Utc>>,
}

impl FromQuery for Span {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        let from = query.parsed("from")?.unwrap_or_else(Utc::now);
        let (first, last) = (beginning(YEARS.0), beginning(YEARS.1));
        if from < first || from >= last {
            let message = "must be from 1900 on, and before 2200";
            return Err(QueryParameters::fault("from", message));
        }
        let to = query.parsed("to")?;
        let to = to.unwrap_or_else(|| (from + USUAL).min(last));
        if to <= from || to > last || to - from > LONGEST {
            let message = "must be after `from` by 366 days at most, and not after 2199";
            return Err(QueryParameters::fault("to", message));
        }
        Ok(Self { from, to })
    }
}

fn beginning(year: i32) -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    day.and_time(NaiveTime::MIN).and_utc()
}
