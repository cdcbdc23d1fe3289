//! Routes by which the sessions of others are ended. One's own are in `sessions`.

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use serde_json::json;
use tenant_schema::identity::{EndReason, User, UserSession};
use tenant_schema::settings::{Audited, Change};
use utoipa::OpenApi;
use uuid::Uuid;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::SessionsDelete;
use crate::resource::PathId;

/// What the audit log calls both.
const ACTION: &str = EndReason::EndedByAdmin.action();

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(end_user_sessions, end_all_users_sessions))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(Methods::at("/users/sessions").delete(end_all_users_sessions))
        .service(Methods::at("/users/{id}/sessions").delete(end_user_sessions));
}

/// Ends all sessions of a user.
#[utoipa::path(delete, path = "/users/{id}/sessions", tag = "users", params(("id" = Uuid, Path)), responses((status = 204)))]
async fn end_user_sessions(
    mut caller: Authorized<SessionsDelete>,
    id: PathId,
) -> Result<HttpResponse, ApiError> {
    caller.session()?;
    caller
        .mutate(ACTION, async |conn| {
            let reason = EndReason::EndedByAdmin;
            let ended = UserSession::end_all_of(*id, None, reason, conn).await?;
            let user = Some(id.to_string());
            Ok((
                (),
                Change::about(User::KIND, user, json!({ "ended_sessions": ids(&ended) })),
            ))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends all sessions of all users, the caller's own as well.
#[utoipa::path(delete, path = "/users/sessions", tag = "users", responses((status = 204)))]
async fn end_all_users_sessions(
    mut caller: Authorized<SessionsDelete>,
) -> Result<HttpResponse, ApiError> {
    caller.session()?;
    caller
        .mutate(ACTION, async |conn| {
            let ended = UserSession::end_everybodys(EndReason::EndedByAdmin, conn).await?;
            let what = json!({ "ended_sessions": ids(&ended) });
            Ok(((), Change::about(UserSession::KIND, None, what)))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn ids(sessions: &[UserSession]) -> Vec<Uuid> {
    sessions.iter().map(|session| session.id).collect()
}
