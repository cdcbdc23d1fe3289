//! The query of `GET activity`.

use chrono::{DateTime, Utc};
use tenant_schema::settings::AuditFilter;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::error::ApiError;
use crate::resource::{CursorRequest, FromQuery, QueryParameters};

/// A page of what was done.
#[derive(Debug)]
pub(super) struct ActivityQuery {
    pub(super) page: CursorRequest,
    pub(super) filter: AuditFilter,
}

/// The filters as the documentation shows them.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) struct ActivityParameters {
    /// By this user.
    actor_id: Option<Uuid>,
    /// What was done, such as `users.update`.
    action: Option<String>,
    /// To this kind of record, such as `user`.
    object_type: Option<String>,
    /// To this record.
    object_id: Option<String>,
    /// At this time or later (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Before this time (RFC 3339).
    to: Option<DateTime<Utc>>,
}

impl FromQuery for ActivityQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.cursor()?,
            filter: AuditFilter {
                actor_id: query.parsed("actor_id")?,
                action: query.text("action")?,
                object_type: query.text("object_type")?,
                object_id: query.text("object_id")?,
                from: query.parsed("from")?,
                to: query.parsed("to")?,
                ..AuditFilter::default()
            },
        })
    }
}
