//! Calls that were made, and how they went.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::identity::user::users;
use crate::record::RecordKind;
use crate::{Resource, TenantEnum, TenantModel};

/// A call that was made or taken.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, ToSchema, TenantModel, Resource)]
#[diesel(table_name = log_calls, check_for_backend(diesel::pg::Pg))]
#[model(index(callable_type, callable_id), index(started_at))]
#[model(check(
    "num_nulls(callable_type, callable_id) <> 1",
    name = "log_calls_callable_check"
))]
#[resource(path = "/tools/calls", order = "-started_at", record = "callable")]
#[resource(blame("log_calls_callable_check", callable_id, "goes with `callable_type`"))]
pub struct LogCall {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// What it was about, in a line.
    #[column(length(1, 200))]
    #[resource(search, sort)]
    pub subject: String,
    /// Who called whom.
    #[column(enum)]
    #[resource(filter)]
    pub direction: CallDirection,
    /// The number called or calling.
    #[column(length(1, 40))]
    #[resource(search)]
    pub phone_number: Option<String>,
    /// When it began.
    #[resource(filter, sort)]
    pub started_at: DateTime<Utc>,
    /// How long it took, in seconds.
    #[column(range(0, 86_400))]
    #[resource(default, sort)]
    pub duration_seconds: i32,
    /// How it went.
    #[column(enum)]
    #[resource(filter)]
    pub outcome: CallOutcome,
    /// What was said.
    #[column(length(0, 20_000))]
    #[resource(search, multiline)]
    pub summary: Option<String>,
    /// When to come back to it.
    #[resource(filter, sort)]
    pub follow_up_at: Option<DateTime<Utc>>,
    /// What kind of record it was about.
    #[column(enum)]
    #[resource(filter)]
    pub callable_type: Option<RecordKind>,
    /// The record that it was about.
    #[resource(filter)]
    pub callable_id: Option<Uuid>,
    /// The user who logged it.
    #[column(references = "users(id) on delete set null")]
    #[resource(author, filter)]
    pub author_id: Option<Uuid>,
    /// When it was made.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[column(default = "now()")]
    pub updated_at: DateTime<Utc>,
    /// When it was deleted, if so.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TenantEnum, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallDirection {
    /// Somebody called the tenant.
    Inbound,
    /// The tenant called somebody.
    Outbound,
}

/// How a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TenantEnum, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum CallOutcome {
    Reached,
    NoAnswer,
    Busy,
    Voicemail,
    WrongNumber,
}
