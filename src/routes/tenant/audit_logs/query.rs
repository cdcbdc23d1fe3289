//! The queries of the audit log: which rows, and in what form.

use std::net::IpAddr;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde_json::{Value, json};
use tenant_schema::TenantEnum as _;
use tenant_schema::settings::{ActorType, AuditFilter};
use utoipa::IntoParams;
use uuid::Uuid;

use super::export::Format;
use crate::error::ApiError;
use crate::resource::{CursorRequest, FromQuery, QueryParameters};

/// A page of the log.
#[derive(Debug)]
pub(super) struct AuditQuery {
    pub(super) page: CursorRequest,
    pub(super) filter: AuditFilter,
}

/// The log as a file.
#[derive(Debug)]
pub(super) struct ExportQuery {
    pub(super) format: Format,
    pub(super) filter: AuditFilter,
}

/// A page of what the platform did.
#[derive(Debug)]
pub(super) struct PlatformQuery {
    pub(super) page: CursorRequest,
    pub(super) action: Option<String>,
}

/// The filters as the documentation shows them.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) struct AuditParameters {
    /// By this user or system user.
    actor_id: Option<Uuid>,
    /// By a `user`, a `system_user`, or `nobody` who is known.
    actor_type: Option<String>,
    /// By a system user as this user.
    acting_as: Option<Uuid>,
    /// What was done, such as `users.update`.
    action: Option<String>,
    /// To this kind of record, such as `user`.
    object_type: Option<String>,
    /// To this record.
    object_id: Option<String>,
    /// From this address.
    ip: Option<String>,
    /// By the request of this id.
    request_id: Option<String>,
    /// At this time or later (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Before this time (RFC 3339).
    to: Option<DateTime<Utc>>,
}

/// A kind of caller, as a query names it.
struct ActorTypeName(ActorType);

impl FromStr for ActorTypeName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = ActorType::of_label(text).map(Self);
        known.ok_or_else(|| format!("expected one of `{}`", ActorType::LABELS.join("`, `")))
    }
}

fn filter(query: &mut QueryParameters) -> Result<AuditFilter, ApiError> {
    let actor_type: Option<ActorTypeName> = query.parsed("actor_type")?;
    Ok(AuditFilter {
        actor_id: query.parsed("actor_id")?,
        actor_type: actor_type.map(|ActorTypeName(actor_type)| actor_type),
        acting_as: query.parsed("acting_as")?,
        action: query.text("action")?,
        resources: None,
        object_type: query.text("object_type")?,
        object_id: query.text("object_id")?,
        ip: query.parsed::<IpAddr>("ip")?.map(IpNet::from),
        request_id: query.text("request_id")?,
        from: query.parsed("from")?,
        to: query.parsed("to")?,
        up_to: None,
    })
}

impl FromQuery for AuditQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.cursor()?,
            filter: filter(query)?,
        })
    }
}

impl FromQuery for ExportQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            format: query.parsed("format")?.unwrap_or(Format::Csv),
            filter: filter(query)?,
        })
    }
}

impl FromQuery for PlatformQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.cursor()?,
            action: query.text("action")?,
        })
    }
}

impl ExportQuery {
    /// What was asked for, as the audit log keeps it.
    pub(super) fn described(&self) -> Value {
        let filter = &self.filter;
        let mut what = json!({
            "format": self.format.name(),
            "actor_id": filter.actor_id,
            "actor_type": filter.actor_type.as_ref().map(ActorType::label),
            "acting_as": filter.acting_as,
            "action": filter.action,
            "object_type": filter.object_type,
            "object_id": filter.object_id,
            "ip": filter.ip.map(|ip| ip.addr()),
            "request_id": filter.request_id,
            "from": filter.from,
            "to": filter.to,
        });
        if let Value::Object(fields) = &mut what {
            fields.retain(|_, value| !value.is_null());
        }
        what
    }
}
