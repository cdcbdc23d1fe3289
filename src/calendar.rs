//! The calendar of a tenant: what its events come to in a span of time, and all of them as iCalendar (RFC 5545).

pub mod agenda;
pub mod component;
pub mod feed;
pub mod time_zone;

pub use agenda::{Agenda, Span};
pub use feed::Feed;

use icalendar::Property;

use crate::error::ApiError;

/// A property as a line, escaped and folded after 75 octets at most (RFC 5545 §3.1).
fn line(property: Property) -> Result<String, ApiError> {
    property.try_into().map_err(ApiError::internal)
}

/// Text without what a line cannot hold: ends of lines are all of one kind, and no other control characters but tabs are left
/// (RFC 5545 §3.3.11).
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.replace(
        |letter: char| letter.is_control() && !"\n\t".contains(letter),
        "",
    )
}
