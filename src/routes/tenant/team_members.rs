//! Routes of who belongs to a team.

use std::collections::HashSet;

use actix_web::web::ServiceConfig;
use chrono::{DateTime, Utc};
use connection::TenantConn;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenant_schema::identity::{Member, NewTeamMember, Team, TeamChanges, TeamMember, User};
use tenant_schema::settings::{Audited, Change};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use super::teams::{etag, lock};
use crate::error::{ApiError, Code};
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::{TeamsRead, TeamsUpdate};
use crate::resource::{
    FromQuery, IfMatch, List, PageRequest, PathId, QueryParameters, StrictList, StrictQuery,
    Success, Validation,
};

/// Most members of a team.
const MOST: usize = 1_000;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_members, replace_members))]
pub struct Documentation;

/// Mounts the routes, also below `/users`.
pub fn configure(scope: &mut ServiceConfig) {
    for path in ["/teams", "/users/teams"] {
        let members = Methods::at(&format!("{path}/{{id}}/members"));
        scope.service(members.get(list_members).put(replace_members));
    }
}

/// A user who belongs to the team.
#[derive(Debug, Serialize, ToSchema)]
struct MemberView {
    user_id: Uuid,
    username: String,
    /// First and last name, or the user name.
    display_name: String,
    is_leader: bool,
    /// When the user joined.
    created_at: DateTime<Utc>,
}

/// A user who shall belong to the team.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberBody {
    user_id: Uuid,
    /// Whether the user leads the team.
    #[serde(default)]
    is_leader: bool,
}

/// Which members to list.
#[derive(Debug)]
struct MemberQuery(PageRequest);

/// Lists the members of a team, in order of their user names.
#[utoipa::path(get, path = "/teams/{id}/members", tag = "teams", params(("id" = Uuid, Path), PageRequest),
    responses((status = 200, body = List<MemberView>)))]
async fn list_members(
    caller: Authorized<TeamsRead>,
    id: PathId,
    query: StrictQuery<MemberQuery>,
) -> Result<List<MemberView>, ApiError> {
    let (page, conn) = (query.0.0, caller.conn().await?);
    Team::find(*id, conn).await?;
    let members = TeamMember::list(*id, page.limit(), page.offset(), conn);
    let (members, total) = futures_util::try_join!(members, TeamMember::count(*id, conn))?;
    let shown = members.into_iter().map(MemberView::new).collect();
    Ok(List::new("the members of the team", shown, page, total))
}

/// Replaces the members of a team as a whole. `If-Match` names the version of the team.
#[utoipa::path(put, path = "/teams/{id}/members", tag = "teams", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = Vec<MemberBody>, responses((status = 200, body = Success<Vec<MemberBody>>)))]
async fn replace_members(
    mut caller: Authorized<TeamsUpdate>,
    id: PathId,
    if_match: IfMatch,
    body: StrictList<MemberBody>,
) -> Result<Success<Vec<MemberBody>>, ApiError> {
    let members = check(body.0)?;
    let team = caller
        .mutate("teams.replace_members", async |conn| {
            replace(*id, &if_match, &members, conn).await
        })
        .await?;
    Ok(Success::new("the members were replaced", members).etag(etag(&team)))
}

/// Refuses a list that is too long, or names a user twice.
fn check(members: Vec<MemberBody>) -> Result<Vec<MemberBody>, ApiError> {
    let mut validation = Validation::new();
    let message = format!("a team has at most {MOST} members");
    validation.require(members.len() <= MOST, ".", &message);
    let mut seen = HashSet::new();
    for (index, member) in members.iter().enumerate() {
        let field = format!("[{index}].user_id");
        validation.require(seen.insert(member.user_id), &field, "is given twice");
    }
    validation.finish()?;
    Ok(members)
}

/// Belongs into a transaction.
async fn replace(
    id: Uuid,
    if_match: &IfMatch,
    members: &[MemberBody],
    conn: &TenantConn,
) -> Result<(Team, Change), ApiError> {
    let team = lock(id, if_match, conn).await?;
    require_users(members, conn).await?;
    let before = places(id, conn).await?;
    let new: Vec<NewTeamMember> = members.iter().map(|member| member.of(id)).collect();
    TeamMember::replace(id, &new, conn).await?;
    let after = places(id, conn).await?;
    let change = Change::replaced(Team::KIND, id.to_string(), before, after);
    let team = team.change(&TeamChanges::default(), conn).await?;
    Ok((team, change))
}

/// A user of another tenant and one that there is not are the same: not found.
async fn require_users(members: &[MemberBody], conn: &TenantConn) -> Result<(), ApiError> {
    let ids: Vec<Uuid> = members.iter().map(|member| member.user_id).collect();
    let existing = User::existing(&ids, conn).await?;
    match ids.iter().position(|id| !existing.contains(id)) {
        None => Ok(()),
        Some(index) => Err(ApiError::new(Code::NotFound)
            .field(format!("[{index}].user_id"), "there is no such user")),
    }
}

/// The places in the team as the audit log keeps them.
async fn places(id: Uuid, conn: &TenantConn) -> Result<Value, ApiError> {
    let places = TeamMember::all_of(id, conn).await?.into_iter();
    let places =
        places.map(|place| json!({ "user_id": place.user_id, "is_leader": place.is_leader }));
    Ok(json!({ "members": places.collect::<Vec<_>>() }))
}

impl MemberBody {
    fn of(&self, team_id: Uuid) -> NewTeamMember {
        NewTeamMember {
            team_id,
            user_id: self.user_id,
            is_leader: self.is_leader,
        }
    }
}

impl MemberView {
    fn new((place, user): Member) -> Self {
        Self {
            user_id: user.id,
            display_name: user.display_name(),
            username: user.username,
            is_leader: place.is_leader,
            created_at: place.created_at,
        }
    }
}

impl FromQuery for MemberQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self(query.page()?))
    }
}
