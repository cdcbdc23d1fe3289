//! Who belongs to a team.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::team::teams;
use super::user::users;
use crate::TenantModel;

/// A user's place in a team.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = team_members, primary_key(team_id, user_id))]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct TeamMember {
    /// The team.
    #[column(references = "teams(id) on delete cascade")]
    pub team_id: Uuid,
    /// The user.
    #[column(references = "users(id) on delete cascade")]
    pub user_id: Uuid,
    /// Whether the user leads the team.
    #[column(default = "false")]
    pub is_leader: bool,
    /// When the user joined.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
}
