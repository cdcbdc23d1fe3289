//! Who belongs to a team.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::team::teams;
use super::user::{User, users};
use crate::TenantModel;
use crate::resource::lower;

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

/// A place in a team to be given.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = team_members, check_for_backend(diesel::pg::Pg))]
pub struct NewTeamMember {
    /// See [`TeamMember::team_id`].
    pub team_id: Uuid,
    /// See [`TeamMember::user_id`].
    pub user_id: Uuid,
    /// See [`TeamMember::is_leader`].
    pub is_leader: bool,
}

/// A member of a team with their place in it.
pub type Member = (TeamMember, User);

impl TeamMember {
    /// A page of the team's members, not deleted, in order of their user names.
    pub async fn list(
        team_id: Uuid,
        limit: i64,
        offset: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Member>> {
        team_members::table
            .inner_join(users::table)
            .filter(team_members::team_id.eq(team_id))
            .filter(users::deleted_at.is_null())
            .order((lower(users::username), users::id))
            .select((Self::as_select(), User::as_select()))
            .limit(limit)
            .offset(offset)
            .load(&mut conn)
            .await
    }

    /// How many members the team has who are not deleted.
    pub async fn count(team_id: Uuid, mut conn: &TenantConn) -> QueryResult<i64> {
        team_members::table
            .inner_join(users::table)
            .filter(team_members::team_id.eq(team_id))
            .filter(users::deleted_at.is_null())
            .count()
            .get_result(&mut conn)
            .await
    }

    /// Everybody's place in the team, in order of their ids.
    pub async fn all_of(team_id: Uuid, mut conn: &TenantConn) -> QueryResult<Vec<Self>> {
        team_members::table
            .filter(team_members::team_id.eq(team_id))
            .order(team_members::user_id)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }

    /// Gives the team these members and no other; who was one already has joined when they did. Belongs into a transaction.
    ///
    /// # Errors
    /// A foreign key violation where there is no such user.
    pub async fn replace(
        team_id: Uuid,
        members: &[NewTeamMember],
        mut conn: &TenantConn,
    ) -> QueryResult<()> {
        let ids: Vec<Uuid> = members.iter().map(|member| member.user_id).collect();
        let others = team_members::table
            .filter(team_members::team_id.eq(team_id))
            .filter(team_members::user_id.ne_all(&ids));
        diesel::delete(others).execute(&mut conn).await?;
        if members.is_empty() {
            return Ok(());
        }
        diesel::insert_into(team_members::table)
            .values(members)
            .on_conflict((team_members::team_id, team_members::user_id))
            .do_update()
            .set(team_members::is_leader.eq(excluded(team_members::is_leader)))
            .execute(&mut conn)
            .await?;
        Ok(())
    }
}
