//! What every resource of the API shares: bodies, queries, paging, sorting, validation, versions, envelopes.

mod csv_body;
mod csv_rows;
mod cursor;
mod envelope;
mod etag;
mod event_stream;
mod idempotency;
mod json;
mod kept_answer;
mod long_answer;
mod page;
mod path_id;
mod plain;
mod query;
mod sort;
mod validation;

pub use tenant_schema::resource::{Order, given};

pub use self::{
    csv_body::CsvBody,
    csv_rows::CsvRows,
    cursor::{Cursor, CursorRequest, LogPage},
    envelope::{List, Nothing, Success},
    etag::{ETag, IfMatch},
    event_stream::{EVENT_STREAM, EventText, LastEventId, StreamedEvent},
    idempotency::{IdempotencyHeader, Repeatable},
    json::{JsonLimit, OptionalJson, RepeatableJson, StrictJson, StrictList},
    kept_answer::KeptAnswer,
    long_answer::LongAnswer,
    page::{PageRequest, Pagination},
    path_id::{PathId, path_config},
    plain::{Checked, PlainQuery},
    query::{FromQuery, NoQuery, QueryParameters, StrictQuery},
    sort::SortKey,
    validation::Validation,
};

/// Whether `text` holds a character no field may hold: NUL, which PostgreSQL cannot store, or an override of the
/// writing direction (U+202D, U+202E), which makes a name read as another.
fn holds_forbidden_character(text: &str) -> bool {
    text.contains(['\0', '\u{202D}', '\u{202E}'])
}

/// What to answer where [`holds_forbidden_character`].
const FORBIDDEN_CHARACTER: &str = "must not contain NUL or a text direction override";
