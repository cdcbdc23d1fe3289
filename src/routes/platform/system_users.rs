//! Routes of the system users resource: who runs the platform.

mod body;

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig};
use platform_schema::{PlatformChange, SystemUser, SystemUserFilter, SystemUserRole};
use tenant_schema::identity::EndReason;
use utoipa::OpenApi;
use uuid::Uuid;

use super::auth::SystemUserView;
use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::Identity;
use crate::identity::system_caller::{
    PlatformAuthorized, SystemUsersCreate, SystemUsersDelete, SystemUsersRead, SystemUsersUpdate,
};
use crate::identity::system_sessions::SYSTEM_USER;
use crate::platform::Platform;
use crate::resource::{
    ETag, FromQuery, IfMatch, List, PageRequest, PathId, QueryParameters, StrictJson, StrictQuery,
    Success,
};
use body::{CreateSystemUser, PatchSystemUser};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list_system_users,
    create_system_user,
    find_system_user,
    update_system_user,
    delete_system_user,
    unlock_system_user
))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(
            Methods::at("/system-users")
                .get(list_system_users)
                .post(create_system_user),
        )
        .service(
            Methods::at("/system-users/{id}")
                .get(find_system_user)
                .patch(update_system_user)
                .delete(delete_system_user),
        )
        .service(Methods::at("/system-users/{id}/unlock").post(unlock_system_user));
}

/// Which system users to list.
#[derive(Debug)]
struct SystemUserQuery {
    page: PageRequest,
    filter: SystemUserFilter,
}

impl FromQuery for SystemUserQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.page()?,
            filter: SystemUserFilter {
                role: query.parsed("role")?,
                is_active: query.parsed("is_active")?,
            },
        })
    }
}

/// Lists the system users, the oldest first.
#[utoipa::path(get, path = "/api/v1/platform/system-users", tag = "platform", responses((status = 200, body = List<SystemUserView>)),
    params(PageRequest, ("role" = Option<SystemUserRole>, Query), ("is_active" = Option<bool>, Query)))]
async fn list_system_users(
    caller: PlatformAuthorized<SystemUsersRead>,
    query: StrictQuery<SystemUserQuery>,
) -> Result<List<SystemUserView>, ApiError> {
    let (page, filter, conn) = (query.page, &query.filter, caller.conn());
    let users = SystemUser::list(filter, page.limit(), page.offset(), conn);
    let (users, total) = futures_util::try_join!(users, SystemUser::count(filter, conn))?;
    let users = users.into_iter().map(SystemUserView::from).collect();
    Ok(List::new("system users", users, page, total))
}

/// Creates a system user.
#[utoipa::path(post, path = "/api/v1/platform/system-users", tag = "platform", request_body = CreateSystemUser,
    responses((status = 201, body = Success<SystemUserView>)))]
async fn create_system_user(
    mut caller: PlatformAuthorized<SystemUsersCreate>,
    platform: Data<Platform>,
    body: StrictJson<CreateSystemUser>,
) -> Result<Success<SystemUserView>, ApiError> {
    let new = body.into_inner().into_new(&platform.hasher).await?;
    let user = caller
        .mutate("system_users.create", async |conn| {
            let created = body::blame_duplicates(new.insert(conn).await)?;
            let change = PlatformChange::of(SYSTEM_USER, &created.id).after(created.snapshot());
            Ok((created, change))
        })
        .await?;
    let (path, etag) = (path_of(user.id), etag(&user));
    Ok(Success::created("the system user was created", path, user.into()).etag(etag))
}

/// Shows a system user.
#[utoipa::path(get, path = "/api/v1/platform/system-users/{id}", tag = "platform", params(("id" = Uuid, Path)),
    responses((status = 200, body = Success<SystemUserView>)))]
async fn find_system_user(
    caller: PlatformAuthorized<SystemUsersRead>,
    id: PathId,
) -> Result<Success<SystemUserView>, ApiError> {
    let user = SystemUser::require(*id, caller.conn()).await?;
    let etag = etag(&user);
    Ok(Success::new("the system user", user.into()).etag(etag))
}

/// Changes the given fields of a system user. One who is disabled loses their sessions at once.
#[utoipa::path(patch, path = "/api/v1/platform/system-users/{id}", tag = "platform", request_body = PatchSystemUser,
    params(("id" = Uuid, Path), ("If-Match" = String, Header)), responses((status = 200, body = Success<SystemUserView>)))]
async fn update_system_user(
    mut caller: PlatformAuthorized<SystemUsersUpdate>,
    id: PathId,
    if_match: IfMatch,
    body: StrictJson<PatchSystemUser>,
) -> Result<Success<SystemUserView>, ApiError> {
    let changes = body.into_inner().into_changes()?;
    let precondition = |user: &SystemUser| if_match.check(&etag(user));
    let user = caller
        .mutate("system_users.update", async |conn| {
            let reason = EndReason::Revoked.as_str();
            let done = SystemUser::change(*id, precondition, &changes, reason, conn).await;
            let (before, after) = body::blame_duplicates(done)?;
            let change = PlatformChange::of(SYSTEM_USER, &after.id).before(before.snapshot());
            let change = change.after(after.snapshot());
            Ok((after, change))
        })
        .await?;
    let etag = etag(&user);
    Ok(Success::new("the system user was changed", user.into()).etag(etag))
}

/// Deletes a system user. What they did stays in the audit log.
#[utoipa::path(delete, path = "/api/v1/platform/system-users/{id}", tag = "platform",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)), responses((status = 204)))]
async fn delete_system_user(
    mut caller: PlatformAuthorized<SystemUsersDelete>,
    id: PathId,
    if_match: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let precondition = |user: &SystemUser| if_match.check(&etag(user));
    caller
        .mutate("system_users.delete", async |conn| {
            let deleted = SystemUser::delete(*id, precondition, conn).await?;
            let change = PlatformChange::of(SYSTEM_USER, &deleted.id).before(deleted.snapshot());
            Ok(((), change))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Forgets the failed logins of a system user, so that they need not wait.
#[utoipa::path(post, path = "/api/v1/platform/system-users/{id}/unlock", tag = "platform", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn unlock_system_user(
    mut caller: PlatformAuthorized<SystemUsersUpdate>,
    identity: Data<Identity>,
    id: PathId,
) -> Result<HttpResponse, ApiError> {
    caller.unlock(identity.attempts(), *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn etag(user: &SystemUser) -> ETag {
    ETag::of(user.id, user.updated_at)
}

fn path_of(id: Uuid) -> String {
    format!("/api/v1/platform/system-users/{id}")
}
