//! The audit log as a file of any length in little memory: read in pages while it is sent, each on a lease of its own.
//!
//! The log is only added to, so the rows up to the place where it ended at the beginning are the same however long the client
//! takes. A client that reads slowly holds one page and no connection; one that hangs up takes the stream with it.

use std::borrow::Cow;
use std::str::FromStr;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::Bytes;
use tenant_schema::settings::{AuditFilter, AuditLog};

use super::Place;
use super::view::AuditLogView;
use crate::error::ApiError;
use crate::identity::lasting_caller::LastingCaller;
use crate::identity::permission::{AuditExport, Permission as _};
use crate::resource::{CsvRows, LongAnswer};

/// Rows that are read at once. A row is a few hundred bytes for most, so a page is in the order of a megabyte at most.
const PAGE: i64 = 1_000;

/// The first line of the table: the fields of [`AuditLogView`].
const COLUMNS: [&str; 17] = [
    "id",
    "position",
    "hash",
    "actor_type",
    "actor_id",
    "acting_as",
    "action",
    "object_type",
    "object_id",
    "before",
    "after",
    "ip",
    "user_agent",
    "session_id",
    "api_key_id",
    "request_id",
    "created_at",
];

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// RFC 4180, without formulas.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// The name in queries and of files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    fn write(self, rows: Vec<AuditLog>, is_first: bool) -> Result<Vec<u8>, ApiError> {
        let rows = rows.into_iter().map(AuditLogView::from);
        match self {
            Self::Csv => table(rows, is_first).map_err(ApiError::internal),
            Self::Ndjson => lines(rows).map_err(ApiError::internal),
        }
    }
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "csv" => Ok(Self::Csv),
            "ndjson" => Ok(Self::Ndjson),
            _ => Err("expected `csv` or `ndjson`"),
        }
    }
}

/// What is still to be sent.
#[derive(Debug)]
pub(super) struct Export {
    caller: LastingCaller,
    filter: AuditFilter,
    format: Format,
    reached: Reached,
}

/// How far an export has come.
#[derive(Debug, Clone, Copy)]
enum Reached {
    Nothing,
    Row(Place),
    End,
}

impl Export {
    /// The rows of the filter, up to the place `end` of the chain.
    pub(super) fn of(caller: LastingCaller, filter: AuditFilter, end: i64, format: Format) -> Self {
        let up_to = Some(end);
        Self {
            caller,
            filter: AuditFilter { up_to, ..filter },
            format,
            reached: Reached::Nothing,
        }
    }

    /// The answer, of which nothing is read before the client takes it.
    pub(super) fn into_answer(self) -> HttpResponse {
        let file = format!("attachment; filename=\"audit-logs.{}\"", self.format.name());
        HttpResponse::Ok()
            .content_type(self.format.content_type())
            .insert_header((CONTENT_DISPOSITION, file))
            .streaming(self.into_stream())
    }

    /// Reads a page for a caller who may still have it.
    async fn read(&self, after: Option<Place>) -> Result<Vec<AuditLog>, ApiError> {
        self.caller.require(AuditExport::NAME).await?;
        let lease = self.caller.lease().await?;
        let rows = AuditLog::list(&self.filter, after, PAGE, &lease).await?;
        lease.finish().await?;
        Ok(rows)
    }
}

impl LongAnswer for Export {
    const NAME: &'static str = "export of the audit log";

    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        let (after, is_first) = match self.reached {
            Reached::Nothing => (None, true),
            Reached::Row(place) => (Some(place), false),
            Reached::End => return Ok(None),
        };
        let rows = self.read(after).await?;
        let is_whole = i64::try_from(rows.len()).is_ok_and(|read| read == PAGE);
        self.reached = match rows.last().filter(|_| is_whole) {
            Some(last) => Reached::Row((last.created_at, last.id)),
            None => Reached::End,
        };
        let text = self.format.write(rows, is_first)?;
        Ok(Some(Bytes::from(text)).filter(|text| !text.is_empty()))
    }
}

fn lines(rows: impl Iterator<Item = AuditLogView>) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, &row)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn table(rows: impl Iterator<Item = AuditLogView>, is_first: bool) -> csv::Result<Vec<u8>> {
    let mut table = CsvRows::new();
    if is_first {
        table.add(COLUMNS.map(Cow::from))?;
    }
    for row in rows {
        table.add(cells(row))?;
    }
    table.finish()
}

/// The cells of a row, as [`COLUMNS`] names them.
fn cells(row: AuditLogView) -> [Cow<'static, str>; 17] {
    fn text(value: Option<impl ToString>) -> Cow<'static, str> {
        value
            .map(|value| value.to_string())
            .unwrap_or_default()
            .into()
    }
    [
        text(Some(row.id)),
        text(Some(row.position)),
        row.hash.into(),
        row.actor_type.into(),
        text(row.actor_id),
        text(row.acting_as),
        row.action.into(),
        row.object_type.into(),
        text(row.object_id),
        text(row.before),
        text(row.after),
        text(row.ip),
        text(row.user_agent),
        text(row.session_id),
        text(row.api_key_id),
        text(row.request_id),
        row.created_at.to_rfc3339().into(),
    ]
}
