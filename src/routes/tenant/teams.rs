//! Routes of the teams resource. Who belongs to a team is in `team_members`.

mod body;
mod query;
mod view;

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use connection::TenantConn;
use tenant_schema::identity::{Team, TeamChanges};
use tenant_schema::settings::Change;
use utoipa::OpenApi;
use uuid::Uuid;

use super::deleted::{self, Deleted};
use crate::error::{ApiError, Code, OnConstraint};
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::{Permission, TeamsCreate, TeamsDelete, TeamsRead, TeamsUpdate};
use crate::resource::{
    IfMatch, KeptAnswer, List, PageRequest, PathId, RepeatableJson, StrictJson, StrictQuery,
    Success,
};
use body::{CreateTeam, PatchTeam};
use query::{TeamParameters, TeamQuery};
use view::TeamView;
pub(super) use view::etag;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list_teams,
    create_team,
    find_team,
    update_team,
    replace_team,
    delete_team,
    restore_team
))]
pub struct Documentation;

/// Mounts the routes, also below `/users`.
pub fn configure(scope: &mut ServiceConfig) {
    for path in ["/teams", "/users/teams"] {
        scope
            .service(Methods::at(path).get(list_teams).post(create_team))
            .service(
                Methods::at(&format!("{path}/{{id}}"))
                    .get(find_team)
                    .patch(update_team)
                    .put(replace_team)
                    .delete(delete_team),
            )
            .service(Methods::at(&format!("{path}/{{id}}/restore")).post(restore_team));
    }
}

/// Lists the teams.
#[utoipa::path(get, path = "/teams", tag = "teams", params(PageRequest, TeamParameters), responses((status = 200, body = List<TeamView>)))]
async fn list_teams(
    caller: Authorized<TeamsRead>,
    query: StrictQuery<TeamQuery>,
) -> Result<List<TeamView>, ApiError> {
    if query.filter.include_deleted {
        caller.require(TeamsDelete::NAME)?;
    }
    let (filter, orders, page) = (&query.filter, &query.orders, query.page);
    let conn = caller.conn().await?;
    let teams = Team::list(filter, orders, page.limit(), page.offset(), conn);
    let (teams, total) = futures_util::try_join!(teams, Team::count(filter, conn))?;
    let shown = teams.into_iter().map(TeamView::new).collect();
    Ok(List::new("teams", shown, page, total))
}

/// Creates a team, without members yet.
#[utoipa::path(post, path = "/teams", tag = "teams", request_body = CreateTeam,
    params(("Idempotency-Key" = Option<String>, Header, description = "A repetition with the same key gets the same answer, for a day.")),
    responses((status = 201, body = Success<TeamView>)))]
async fn create_team(
    mut caller: Authorized<TeamsCreate>,
    body: RepeatableJson<CreateTeam>,
) -> Result<KeptAnswer, ApiError> {
    let (body, request) = body.into_parts();
    let new = body.check()?;
    let work = async |conn: &mut TenantConn| {
        let team = new.insert(conn).await.blame_name()?;
        let change = Change::created(&team);
        Ok((team, change))
    };
    caller
        .create("teams.create", request.as_ref(), TeamView::created, work)
        .await
}

/// Shows a team.
#[utoipa::path(get, path = "/teams/{id}", tag = "teams", params(("id" = Uuid, Path)), responses((status = 200, body = Success<TeamView>)))]
async fn find_team(
    caller: Authorized<TeamsRead>,
    id: PathId,
) -> Result<Success<TeamView>, ApiError> {
    let team = Team::find(*id, caller.conn().await?).await?;
    Ok(TeamView::success("the team", team))
}

/// Changes the given fields of a team.
#[utoipa::path(patch, path = "/teams/{id}", tag = "teams", params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = PatchTeam,
    responses((status = 200, body = Success<TeamView>)))]
async fn update_team(
    caller: Authorized<TeamsUpdate>,
    id: PathId,
    if_match: IfMatch,
    body: StrictJson<PatchTeam>,
) -> Result<Success<TeamView>, ApiError> {
    let changes = body.into_inner().check()?;
    change_team("the team was changed", caller, *id, &if_match, &changes).await
}

/// Replaces all settable fields of a team; a description that is not given is cleared.
#[utoipa::path(put, path = "/teams/{id}", tag = "teams", params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = CreateTeam,
    responses((status = 200, body = Success<TeamView>)))]
async fn replace_team(
    caller: Authorized<TeamsUpdate>,
    id: PathId,
    if_match: IfMatch,
    body: StrictJson<CreateTeam>,
) -> Result<Success<TeamView>, ApiError> {
    let changes = PatchTeam::from(body.into_inner()).check()?;
    change_team("the team was replaced", caller, *id, &if_match, &changes).await
}

async fn change_team(
    message: &'static str,
    mut caller: Authorized<TeamsUpdate>,
    id: Uuid,
    if_match: &IfMatch,
    changes: &TeamChanges,
) -> Result<Success<TeamView>, ApiError> {
    let team = caller
        .mutate("teams.update", async |conn| {
            let before = lock(id, if_match, conn).await?;
            let after = before.change(changes, conn).await.blame_name()?;
            let change = Change::updated(&before, &after);
            Ok((after, change))
        })
        .await?;
    Ok(TeamView::success(message, team))
}

/// Deletes a team softly. Its members stay, for when it is restored.
#[utoipa::path(delete, path = "/teams/{id}", tag = "teams", params(("id" = Uuid, Path), ("If-Match" = String, Header)), responses((status = 204), (status = 200, body = Success<Deleted>)))]
async fn delete_team(
    mut caller: Authorized<TeamsDelete>,
    id: PathId,
    if_match: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let hanging = caller
        .mutate("teams.delete", async |conn| {
            let before = lock(*id, &if_match, conn).await?;
            let after = before.delete(conn).await?;
            let hanging = deleted::hanging("team", *id, conn).await?;
            Ok((hanging, Change::updated(&before, &after)))
        })
        .await?;
    Ok(Deleted::answer(hanging))
}

/// Undoes a deletion.
#[utoipa::path(post, path = "/teams/{id}/restore", tag = "teams", params(("id" = Uuid, Path)), responses((status = 200, body = Success<TeamView>)))]
async fn restore_team(
    mut caller: Authorized<TeamsDelete>,
    id: PathId,
) -> Result<Success<TeamView>, ApiError> {
    let team = caller
        .mutate("teams.restore", async |conn| {
            let before = Team::lock(*id, conn).await?;
            let after = before.restore(conn).await.blame_name()?;
            let change = Change::updated(&before, &after);
            Ok((after, change))
        })
        .await?;
    Ok(TeamView::success("the team was restored", team))
}

/// The team, not deleted, of a version that the client is willing to change, locked until the transaction ends.
pub(super) async fn lock(
    id: Uuid,
    if_match: &IfMatch,
    conn: &TenantConn,
) -> Result<Team, ApiError> {
    let team = Team::lock(id, conn).await?;
    if team.deleted_at.is_some() {
        return Err(ApiError::new(Code::NotFound));
    }
    if_match.check(&etag(&team))?;
    Ok(team)
}

/// Blames the name where another team has it.
trait BlameName<T> {
    fn blame_name(self) -> Result<T, ApiError>;
}

impl<T, E: Into<ApiError>> BlameName<T> for Result<T, E> {
    fn blame_name(self) -> Result<T, ApiError> {
        self.on_constraint("teams_name_key", "name", "is already taken")
    }
}
