//! Teams of users.

mod life;
mod list;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

pub use self::list::{TeamFilter, TeamSortKey};
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

/// A team to be added.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = teams, check_for_backend(diesel::pg::Pg))]
pub struct NewTeam {
    /// See [`Team::id`].
    pub id: Uuid,
    /// See [`Team::name`].
    pub name: String,
    /// See [`Team::description`].
    pub description: Option<String>,
}

/// Changes to a team: `None` leaves a column as it is, `Some(None)` empties it.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = teams, check_for_backend(diesel::pg::Pg))]
pub struct TeamChanges {
    /// See [`Team::name`].
    pub name: Option<String>,
    /// See [`Team::description`].
    pub description: Option<Option<String>>,
}

impl NewTeam {
    /// Adds the team.
    ///
    /// # Errors
    /// A violation of `teams_name_key` where the tenant has a team of this name.
    pub async fn insert(&self, mut conn: &TenantConn) -> QueryResult<Team> {
        diesel::insert_into(teams::table)
            .values(self)
            .returning(Team::as_returning())
            .get_result(&mut conn)
            .await
    }
}
