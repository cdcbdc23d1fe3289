//! Routes of the roles that a user has.

use actix_web::web::ServiceConfig;
use connection::TenantConn;
use serde_json::json;
use tenant_schema::identity::{GrantingRole, User, UserChanges, UserRole};
use tenant_schema::settings::{Audited, Change};
use utoipa::OpenApi;
use uuid::Uuid;

use super::users::etag;
use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authority::{Authority, keeping_an_admin};
use crate::identity::authorized::Authorized;
use crate::identity::permission::{RolesAssign, RolesRead};
use crate::resource::{IfMatch, PathId, StrictList, Success, Validation};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(show_user_roles, replace_user_roles))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    let roles = Methods::at("/users/{id}/roles");
    scope.service(roles.get(show_user_roles).put(replace_user_roles));
}

/// Shows the names of a user's roles, the highest first.
#[utoipa::path(get, path = "/users/{id}/roles", tag = "users", params(("id" = Uuid, Path)),
    responses((status = 200, body = Success<Vec<String>>)))]
async fn show_user_roles(
    caller: Authorized<RolesRead>,
    id: PathId,
) -> Result<Success<Vec<String>>, ApiError> {
    let (user, roles) = User::find_with_roles(*id, caller.conn().await?).await?;
    Ok(Success::new("the roles of the user", roles).etag(etag(&user)))
}

/// Replaces the roles of a user as a whole, by name. None of them stands above the caller or grants what they lack, nor does
/// the user stand above them. `If-Match` names the version of the user.
#[utoipa::path(put, path = "/users/{id}/roles", tag = "users", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = Vec<String>, responses((status = 200, body = Success<Vec<String>>)))]
async fn replace_user_roles(
    mut caller: Authorized<RolesAssign>,
    id: PathId,
    if_match: IfMatch,
    body: StrictList<String>,
) -> Result<Success<Vec<String>>, ApiError> {
    let authority = Authority::of(&caller);
    let (user, roles) = caller
        .mutate("users.replace_roles", async |conn| {
            let replace = async |conn: &mut TenantConn| {
                replace(*id, &if_match, &body.0, &authority, conn).await
            };
            keeping_an_admin(conn, replace).await
        })
        .await?;
    Ok(Success::new("the roles were replaced", roles).etag(etag(&user)))
}

/// Belongs into a transaction that keeps an admin.
async fn replace(
    id: Uuid,
    if_match: &IfMatch,
    names: &[String],
    authority: &Authority,
    conn: &mut TenantConn,
) -> Result<((User, Vec<String>), Change), ApiError> {
    let precondition = |user: &User| if_match.check(&etag(user));
    let (_, user) = User::change(id, precondition, &UserChanges::default(), conn).await?;
    let after = find_roles(names, conn).await?;
    let before = GrantingRole::all_of(id, conn).await?;
    authority.require_over(id, conn).await?;
    let had = |role: &GrantingRole| before.iter().any(|before| before.role.id == role.role.id);
    for added in after.iter().filter(|role| !had(role)) {
        authority.require_to_give(added)?;
    }
    let ids: Vec<Uuid> = after.iter().map(|role| role.role.id).collect();
    UserRole::replace(id, &ids, conn).await?;
    let (before, after) = (names_of(before), names_of(after));
    let change = Change::replaced(
        User::KIND,
        id.to_string(),
        json!({ "roles": before }),
        json!({ "roles": after }),
    );
    Ok(((user, after), change))
}

/// The roles of these names, the highest first.
///
/// # Errors
/// `validation_failed` naming the roles that there are not.
pub(in crate::routes::tenant) async fn find_roles(
    names: &[String],
    conn: &TenantConn,
) -> Result<Vec<GrantingRole>, ApiError> {
    let roles = GrantingRole::named(names, conn).await?;
    let mut validation = Validation::new();
    for name in names {
        validation.require(
            roles.iter().any(|role| role.role.name == *name),
            "roles",
            &format!("there is no role `{name}`"),
        );
    }
    validation.finish()?;
    Ok(roles)
}

fn names_of(roles: Vec<GrantingRole>) -> Vec<String> {
    roles.into_iter().map(|role| role.role.name).collect()
}
