//! Server-sent events (WHATWG HTML, 9.2): how they are written, and where a client that comes back goes on.

use std::fmt::Write;
use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, Code};

/// The header by which a client says which event it has seen last.
const LAST_EVENT_ID: &str = "Last-Event-ID";

/// The media type.
pub const EVENT_STREAM: &str = "text/event-stream";

/// The last event that the client has seen, where it has seen one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEventId(pub Option<i64>);

impl FromRequest for LastEventId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all(LAST_EVENT_ID);
        let (first, second) = (values.next(), values.next());
        let Some(value) = first else {
            return ready(Ok(Self(None)));
        };
        let id = value.to_str().ok().and_then(|text| text.parse().ok());
        let id = id.filter(|id: &i64| *id >= 0 && second.is_none());
        ready(id.map(|id| Self(Some(id))).ok_or_else(|| {
            let detail = "the header `Last-Event-ID` is no id of an event";
            ApiError::new(Code::BadRequest).detail(detail)
        }))
    }
}

/// One event as a client reads it, for the documentation.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub struct StreamedEvent {
    /// What to come back with in `Last-Event-ID`.
    id: Option<String>,
    /// `change`, `gap` where the log was cut in between, or `end` with the reason.
    event: Option<String>,
    /// JSON.
    data: String,
}

/// Some events as they are sent.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct EventText(String);

impl EventText {
    /// Says how long a client waits before it comes back.
    pub fn retry(&mut self, pause: Duration) {
        self.line(format_args!("retry: {}", pause.as_millis()));
    }

    /// Adds an event. Without an id it leaves the client where it was.
    ///
    /// # Errors
    /// Data that is no JSON.
    pub fn event(
        &mut self,
        name: &str,
        id: Option<i64>,
        data: &impl Serialize,
    ) -> serde_json::Result<()> {
        // JSON as it is written here has no line breaks.
        let data = serde_json::to_string(data)?;
        if let Some(id) = id {
            self.line(format_args!("id: {id}"));
        }
        self.line(format_args!("event: {name}"));
        self.line(format_args!("data: {data}\n"));
        Ok(())
    }

    /// Shows that the stream is alive, and moves the client on to an id though nothing is told.
    pub fn beat(&mut self, id: i64) {
        self.line(format_args!(": nothing new\nid: {id}\n"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Nothing fails to be written to memory.
        let _ = writeln!(self.0, "{line}");
    }
}

impl From<EventText> for Bytes {
    fn from(text: EventText) -> Self {
        Self::from(text.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_blocks_of_lines() {
        let mut text = EventText::default();
        text.retry(Duration::from_secs(2));
        text.beat(6);
        text.event("change", Some(7), &"one\ntwo").unwrap();
        text.event("end", None, &()).unwrap();
        assert_eq!(
            text.0,
            "retry: 2000\n: nothing new\nid: 6\n\nid: 7\nevent: change\ndata: \"one\\ntwo\"\n\nevent: end\ndata: null\n\n"
        );
    }
}
