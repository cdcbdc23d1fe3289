//! Routes of the roles resource. Which roles a user has is in `user_roles`.

mod body;
mod change;
mod query;
mod view;

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use connection::TenantConn;
use tenant_schema::identity::{GrantingRole, Role};
use utoipa::OpenApi;
use uuid::Uuid;

use super::deleted::{self, Deleted};
use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authority::Authority;
use crate::identity::authorized::Authorized;
use crate::identity::permission::{Permission, RolesCreate, RolesDelete, RolesRead, RolesUpdate};
use crate::resource::{
    IfMatch, KeptAnswer, List, PageRequest, PathId, RepeatableJson, StrictJson, StrictQuery,
    Success,
};
use body::{CreateRole, PatchRole, RolePatch};
use query::{RoleParameters, RoleQuery};
use view::RoleView;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list_roles,
    create_role,
    find_role,
    update_role,
    replace_role,
    delete_role,
    restore_role
))]
pub struct Documentation;

/// Mounts the routes, also below `/users`.
pub fn configure(scope: &mut ServiceConfig) {
    for path in ["/roles", "/users/roles"] {
        scope
            .service(Methods::at(path).get(list_roles).post(create_role))
            .service(
                Methods::at(&format!("{path}/{{id}}"))
                    .get(find_role)
                    .patch(update_role)
                    .put(replace_role)
                    .delete(delete_role),
            )
            .service(Methods::at(&format!("{path}/{{id}}/restore")).post(restore_role));
    }
}

/// Lists the roles with what they grant.
#[utoipa::path(get, path = "/roles", tag = "roles", params(PageRequest, RoleParameters), responses((status = 200, body = List<RoleView>)))]
async fn list_roles(
    caller: Authorized<RolesRead>,
    query: StrictQuery<RoleQuery>,
) -> Result<List<RoleView>, ApiError> {
    if query.filter.include_deleted {
        caller.require(RolesDelete::NAME)?;
    }
    let (filter, orders, page) = (&query.filter, &query.orders, query.page);
    let conn = caller.conn().await?;
    let roles = Role::list(filter, orders, page.limit(), page.offset(), conn);
    let (roles, total) = futures_util::try_join!(roles, Role::count(filter, conn))?;
    let roles = GrantingRole::all(roles, conn).await?.into_iter();
    let shown = roles.map(RoleView::new).collect();
    Ok(List::new("roles", shown, page, total))
}

/// Creates a role. It grants nothing that the caller lacks, and does not stand above them.
#[utoipa::path(post, path = "/roles", tag = "roles", request_body = CreateRole,
    params(("Idempotency-Key" = Option<String>, Header, description = "A repetition with the same key gets the same answer, for a day.")),
    responses((status = 201, body = Success<RoleView>)))]
async fn create_role(
    mut caller: Authorized<RolesCreate>,
    body: RepeatableJson<CreateRole>,
) -> Result<KeptAnswer, ApiError> {
    let (body, request) = body.into_parts();
    let (new, permissions) = body.check()?;
    let authority = Authority::of(&caller);
    let work =
        async |conn: &mut TenantConn| change::create(&new, &permissions, &authority, conn).await;
    caller
        .create("roles.create", request.as_ref(), RoleView::created, work)
        .await
}

/// Shows a role with what it grants.
#[utoipa::path(get, path = "/roles/{id}", tag = "roles", params(("id" = Uuid, Path)), responses((status = 200, body = Success<RoleView>)))]
async fn find_role(
    caller: Authorized<RolesRead>,
    id: PathId,
) -> Result<Success<RoleView>, ApiError> {
    let role = GrantingRole::find(*id, caller.conn().await?).await?;
    Ok(RoleView::success("the role", role))
}

/// Changes the given fields of a role. One that came with the tenant keeps its name, and `admin` what it grants.
#[utoipa::path(patch, path = "/roles/{id}", tag = "roles", params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = PatchRole,
    responses((status = 200, body = Success<RoleView>)))]
async fn update_role(
    caller: Authorized<RolesUpdate>,
    id: PathId,
    if_match: IfMatch,
    body: StrictJson<PatchRole>,
) -> Result<Success<RoleView>, ApiError> {
    let patch = body.into_inner().check()?;
    change_role("the role was changed", caller, *id, &if_match, &patch).await
}

/// Replaces all settable fields of a role; a description that is not given is cleared, and the priority 0.
#[utoipa::path(put, path = "/roles/{id}", tag = "roles", params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = CreateRole,
    responses((status = 200, body = Success<RoleView>)))]
async fn replace_role(
    caller: Authorized<RolesUpdate>,
    id: PathId,
    if_match: IfMatch,
    body: StrictJson<CreateRole>,
) -> Result<Success<RoleView>, ApiError> {
    let patch = PatchRole::from(body.into_inner()).check()?;
    change_role("the role was replaced", caller, *id, &if_match, &patch).await
}

async fn change_role(
    message: &'static str,
    mut caller: Authorized<RolesUpdate>,
    id: Uuid,
    if_match: &IfMatch,
    patch: &RolePatch,
) -> Result<Success<RoleView>, ApiError> {
    let authority = Authority::of(&caller);
    let role = caller
        .mutate("roles.update", async |conn| {
            change::change(id, if_match, patch, &authority, conn).await
        })
        .await?;
    Ok(RoleView::success(message, role))
}

/// Deletes a role softly: nobody has it any more until it is restored.
#[utoipa::path(delete, path = "/roles/{id}", tag = "roles", params(("id" = Uuid, Path), ("If-Match" = String, Header)), responses((status = 204), (status = 200, body = Success<Deleted>)))]
async fn delete_role(
    mut caller: Authorized<RolesDelete>,
    id: PathId,
    if_match: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let authority = Authority::of(&caller);
    let hanging = caller
        .mutate("roles.delete", async |conn| {
            let ((), change) = change::delete(*id, &if_match, &authority, conn).await?;
            Ok((deleted::hanging("role", *id, conn).await?, change))
        })
        .await?;
    Ok(Deleted::answer(hanging))
}

/// Undoes a deletion: whoever had the role has it again.
#[utoipa::path(post, path = "/roles/{id}/restore", tag = "roles", params(("id" = Uuid, Path)), responses((status = 200, body = Success<RoleView>)))]
async fn restore_role(
    mut caller: Authorized<RolesDelete>,
    id: PathId,
) -> Result<Success<RoleView>, ApiError> {
    let authority = Authority::of(&caller);
    let role = caller
        .mutate("roles.restore", async |conn| {
            change::restore(*id, &authority, conn).await
        })
        .await?;
    Ok(RoleView::success("the role was restored", role))
}
