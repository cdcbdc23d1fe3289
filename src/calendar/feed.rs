//! All events as iCalendar (RFC 5545), of any number in little memory: read in pages while they are sent, each on a lease of its
//! own.
//!
//! A client that reads slowly holds one page and no connection; one that hangs up takes the stream with it. Each zone is told
//! before the first event that is kept in it. What is changed while the calendar is sent is in it as it was, or as it is then.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};
use chrono::TimeDelta;
use icalendar::{Calendar, Property, ValueType};
use tenant_schema::resource::Resource as _;
use tenant_schema::tools::Event;
use uuid::Uuid;

use super::component::vevent;
use super::plain;
use super::time_zone::vtimezone;
use crate::error::ApiError;
use crate::identity::lasting_caller::LastingCaller;
use crate::resource::LongAnswer;

/// What the answer is (RFC 5545 §8.1).
pub const CONTENT_TYPE: &str = "text/calendar; charset=utf-8";

/// What the calendar is made by (RFC 5545 §3.7.3).
const PRODUCT: &str = concat!("-//Rowhouse//Rowhouse ", env!("CARGO_PKG_VERSION"), "//EN");

/// Events that are read at once. One has 80 kB at most, and most have less than 1 kB.
const PAGE: i64 = 100;

/// How often clients may come back.
const REFRESH: TimeDelta = TimeDelta::hours(1);

/// The last line.
const END: &str = "END:VCALENDAR\r\n";

/// What is still to be sent.
#[derive(Debug)]
pub struct Feed {
    caller: LastingCaller,
    reached: Reached,
    zones: BTreeSet<&'static str>,
}

/// How far a feed has come.
#[derive(Debug, Clone, Copy)]
enum Reached {
    Nothing,
    Event(Option<Uuid>),
    End,
}

impl Feed {
    /// The calendar of the caller's tenant.
    pub fn of(caller: LastingCaller) -> Self {
        Self {
            caller,
            reached: Reached::Nothing,
            zones: BTreeSet::new(),
        }
    }

    /// The answer, of which nothing is read before the client takes it.
    pub fn into_answer(self) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(CONTENT_TYPE)
            .streaming(self.into_stream())
    }

    /// Reads a page for a caller who may still have it.
    async fn read(&self, after: Option<Uuid>) -> Result<Vec<Event>, ApiError> {
        self.caller.require(Event::ACTIONS.read).await?;
        let lease = self.caller.lease().await?;
        let events = Event::in_calendar(after, PAGE, &lease).await?;
        lease.finish().await?;
        Ok(events)
    }
}

impl LongAnswer for Feed {
    const NAME: &'static str = "calendar";

    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        let after = match self.reached {
            Reached::Nothing => {
                self.reached = Reached::Event(None);
                return Ok(Some(head(&self.caller.tenant().name).into()));
            }
            Reached::Event(after) => after,
            Reached::End => return Ok(None),
        };
        let events = self.read(after).await?;
        let Some(last) = events.last() else {
            self.reached = Reached::End;
            return Ok(Some(Bytes::from_static(END.as_bytes())));
        };
        self.reached = Reached::Event(Some(last.id));
        let mut zones = std::mem::take(&mut self.zones);
        // Folding takes long for long texts.
        let work = web::block(move || components(&events, &mut zones).map(|text| (text, zones)));
        let (text, zones) = work.await.map_err(ApiError::internal)??;
        self.zones = zones;
        Ok(Some(text.into()))
    }
}

/// The events of a page, and the zones that no event before was in.
fn components(events: &[Event], zones: &mut BTreeSet<&'static str>) -> Result<String, ApiError> {
    let mut text = String::new();
    for event in events {
        let (component, zone) = vevent(event)?;
        if let Some(zone) = zone.filter(|zone| zones.insert(zone.name())) {
            text.push_str(&vtimezone(zone)?);
        }
        text.push_str(&component);
    }
    Ok(text)
}

/// All that comes before the first component.
fn head(name: &str) -> String {
    let name = plain(name);
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", PRODUCT))
        .append_property(("CALSCALE", "GREGORIAN"))
        .append_property(
            Property::new("NAME", &name)
                .append_parameter(ValueType::Text)
                .done(),
        )
        .append_property(("X-WR-CALNAME", name.as_str()))
        .ttl(&REFRESH);
    let text = calendar.to_string();
    text.strip_suffix(END).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::head;

    #[test]
    fn a_name_stays_within_its_line() {
        let text = head("Tea, cake; and\r\nEND:VCALENDAR");
        let name = r"Tea\, cake\; and\nEND:VCALENDAR";
        for line in [
            format!("\r\nNAME;VALUE=TEXT:{name}\r\n"),
            format!("\r\nX-WR-CALNAME:{name}\r\n"),
        ] {
            assert!(text.contains(&line), "{text}");
        }
        assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && !text.contains("\r\nEND"));
    }
}
