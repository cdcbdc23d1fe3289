//! Teams of users.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::TenantModel;

/// A group of users who work together.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = teams, check_for_backend(diesel::pg::Pg))]
#[model(unique("lower(name)", where = "deleted_at is null"))]
pub struct Team {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// Name of the team, unique regardless of case among teams not deleted.
    #[column(check = "char_length(name) between 1 and 100")]
    pub name: String,
    /// What the team does.
    pub description: Option<String>,
    /// When the team was made.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When the team was last changed.
    #[column(default = "now()")]
    pub updated_at: DateTime<Utc>,
    /// When the team was deleted, if so.
    pub deleted_at: Option<DateTime<Utc>>,
}
