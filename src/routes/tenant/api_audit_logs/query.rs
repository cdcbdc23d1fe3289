//! The query of the log of calls.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use tenant_schema::settings::ApiAuditFilter;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::error::ApiError;
use crate::resource::{CursorRequest, FromQuery, QueryParameters};

/// A page of the log.
#[derive(Debug)]
pub(super) struct CallQuery {
    pub(super) page: CursorRequest,
    pub(super) filter: ApiAuditFilter,
}

/// The filters as the documentation shows them.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) struct CallParameters {
    /// By this user.
    user_id: Option<Uuid>,
    /// By this HTTP method, such as `POST`.
    method: Option<String>,
    /// Of this path, without a query.
    path: Option<String>,
    /// With an answer of this HTTP status.
    status: Option<i32>,
    /// From this address.
    ip: Option<String>,
    /// As in the answer to the request.
    request_id: Option<String>,
    /// At this time or later (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Before this time (RFC 3339).
    to: Option<DateTime<Utc>>,
}

impl FromQuery for CallQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.cursor()?,
            filter: ApiAuditFilter {
                user_id: query.parsed("user_id")?,
                method: query.text("method")?,
                path: query.text("path")?,
                status: query.parsed("status")?,
                ip: query.parsed::<IpAddr>("ip")?.map(IpNet::from),
                request_id: query.text("request_id")?,
                from: query.parsed("from")?,
                to: query.parsed("to")?,
            },
        })
    }
}
