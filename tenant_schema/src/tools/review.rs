//! Reviews of records, moderated before they count.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::identity::user::users;
use crate::record::RecordKind;
use crate::{Resource, TenantEnum, TenantModel};

/// What a user thinks of a record.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, ToSchema, TenantModel, Resource)]
#[diesel(table_name = reviews, check_for_backend(diesel::pg::Pg))]
#[model(index(reviewable_type, reviewable_id))]
#[model(unique(
    author_id,
    reviewable_type,
    reviewable_id,
    where = "deleted_at is null",
    name = "reviews_author_key"
))]
#[resource(path = "/tools/reviews", order = "-created_at", record = "reviewable")]
#[resource(blame("reviews_author_key", reviewable_id, "has a review of yours already"))]
pub struct Review {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// From 1, the worst, to 5, the best.
    #[column(range(1, 5))]
    #[resource(filter, sort)]
    pub rating: i32,
    /// The review in a line.
    #[column(length(1, 200))]
    #[resource(search)]
    pub title: Option<String>,
    /// The review.
    #[column(length(0, 20_000))]
    #[resource(search, multiline)]
    pub body: Option<String>,
    /// What those who may change reviews say of it.
    #[column(enum, default = "'pending'")]
    #[resource(later, filter)]
    pub status: ReviewStatus,
    /// What kind of record it is of.
    #[column(enum)]
    #[resource(filter)]
    pub reviewable_type: RecordKind,
    /// The record that it is of.
    #[resource(filter)]
    pub reviewable_id: Uuid,
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

/// Whether a review counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TenantEnum, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    /// Nobody has looked at it.
    Pending,
    /// It counts.
    Approved,
    /// It does not.
    Rejected,
}
