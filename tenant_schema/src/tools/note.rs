//! Notes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::record::RecordKind;
use crate::{Resource, TenantEnum, TenantModel};

/// A note, on a record of the tenant or by itself.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, ToSchema, TenantModel, Resource)]
#[diesel(table_name = notes, check_for_backend(diesel::pg::Pg))]
#[model(
    index(notable_type, notable_id),
    check(
        "num_nulls(notable_type, notable_id) <> 1",
        name = "notes_notable_check"
    )
)]
#[resource(path = "/tools/notes", order = "-created_at", record = "notable")]
#[resource(blame("notes_notable_check", notable_id, "goes with `notable_type`"))]
pub struct Note {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// What it is about, in a line.
    #[column(length(1, 200))]
    #[resource(search, sort)]
    pub title: String,
    /// What it says.
    #[column(length(0, 20_000))]
    #[resource(search, multiline)]
    pub body: Option<String>,
    /// How much it matters.
    #[column(enum)]
    #[resource(default, filter)]
    pub priority: Priority,
    /// Whether it stands above the others.
    #[resource(default, filter, sort)]
    pub is_pinned: bool,
    /// The user who is to see to it.
    #[column(references = "users(id) on delete set null")]
    #[resource(filter)]
    pub assigned_to: Option<Uuid>,
    /// What kind of record it is on.
    #[column(enum)]
    #[resource(filter)]
    pub notable_type: Option<RecordKind>,
    /// The record that it is on.
    #[resource(filter)]
    pub notable_id: Option<Uuid>,
    /// The user who wrote it.
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

/// How much something matters.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, TenantEnum, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum Priority {
    Low,
    #[default]
    Medium,
    High,
    Critical,
}
