//! Cursors: how a client reads on in a log that grows at its other end. What is added or deleted in between moves no row onto
//! another page.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use actix_web::body::BoxBody;
use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse, Responder};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::PageRequest;

/// The last row of a page, in an order by time: opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When the row was written, to the microsecond PostgreSQL keeps.
    pub at: DateTime<Utc>,
    /// Which one it is of those of that time.
    pub id: Uuid,
}

/// The text is no cursor that was given out here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no cursor of this list")]
pub struct CursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.at.timestamp_micros().to_be_bytes().to_vec();
        bytes.extend(self.id.as_bytes());
        formatter.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).or(Err(CursorError))?;
        let (micros, id) = bytes.split_first_chunk().ok_or(CursorError)?;
        let micros = i64::from_be_bytes(*micros);
        Ok(Self {
            at: DateTime::from_timestamp_micros(micros).ok_or(CursorError)?,
            id: Uuid::from_slice(id).or(Err(CursorError))?,
        })
    }
}

/// A page of a log: where it begins, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CursorRequest {
    /// The cursor of the page before; without it, the newest rows.
    #[param(required = false, value_type = String)]
    pub cursor: Option<Cursor>,
    /// Rows on a page.
    #[param(required = false, minimum = 1, maximum = 100, default = 20)]
    pub per_page: u32,
}

impl CursorRequest {
    /// How many rows to read: one more than are shown, by which a next page is known.
    pub fn limit(&self) -> i64 {
        i64::from(self.per_page) + 1
    }
}

impl Default for CursorRequest {
    fn default() -> Self {
        Self {
            cursor: None,
            per_page: PageRequest::DEFAULT_PER_PAGE,
        }
    }
}

/// Some rows of a log, and how to get the next.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogPage<T> {
    /// Always true.
    #[serde(rename = "success")]
    succeeded: bool,
    /// What was listed, for people.
    message: Cow<'static, str>,
    /// The rows, the newest first.
    data: Vec<T>,
    /// Where this page stands.
    pagination: CursorPagination,
}

/// Where a page of a log stands.
#[derive(Debug, Serialize, ToSchema)]
struct CursorPagination {
    /// Most rows on a page.
    per_page: u32,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

impl<T> LogPage<T> {
    /// The page `request` of the rows that were read for it, [`CursorRequest::limit`] at most.
    pub fn new(
        message: impl Into<Cow<'static, str>>,
        mut rows: Vec<T>,
        request: CursorRequest,
        cursor: impl Fn(&T) -> Cursor,
    ) -> Self {
        let shown = usize::try_from(request.per_page).unwrap_or(usize::MAX);
        let has_more = rows.len() > shown;
        rows.truncate(shown);
        let last = rows.last().filter(|_| has_more);
        Self {
            succeeded: true,
            message: message.into(),
            pagination: CursorPagination {
                per_page: request.per_page,
                next: last.map(|row| cursor(row).to_string()),
            },
            data: rows,
        }
    }
}

impl<T: Serialize> Responder for LogPage<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        if let Some(next) = &self.pagination.next {
            let query = request.query_string().split('&');
            let kept = query.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
            let own = format!("cursor={next}");
            let query: Vec<&str> = kept.chain([own.as_str()]).collect();
            let target = format!("{}?{}", request.path(), query.join("&"));
            response.insert_header((LINK, format!("<{target}>; rel=\"next\"")));
        }
        response.json(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_back(micros in 0_i64..4_000_000_000_000_000, id: u128) {
            let cursor = Cursor {
                at: DateTime::from_timestamp_micros(micros).unwrap(),
                id: Uuid::from_u128(id),
            };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn no_text_makes_the_parser_stumble(text in "\\PC{0,40}|[A-Za-z0-9_-]{0,40}") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }
    }

    #[test]
    fn a_page_names_its_last_row_where_there_are_more() {
        let request = CursorRequest {
            per_page: 2,
            ..CursorRequest::default()
        };
        let at = DateTime::from_timestamp_micros(1).unwrap();
        let cursor = |id: &u128| Cursor {
            at,
            id: Uuid::from_u128(*id),
        };
        assert_eq!(request.limit(), 3);
        let whole = LogPage::new("rows", vec![1, 2], request, cursor);
        assert_eq!((whole.data, whole.pagination.next), (vec![1, 2], None));
        let part = LogPage::new("rows", vec![1, 2, 3], request, cursor);
        let next = Some(cursor(&2).to_string());
        assert_eq!((part.data, part.pagination.next), (vec![1, 2], next));
    }
}
