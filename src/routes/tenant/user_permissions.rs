//! Routes of what is granted and denied to a user alone, and of what comes of it together with their roles.

mod body;
mod effective_permission;

use actix_web::web::ServiceConfig;
use connection::TenantConn;
use serde_json::json;
use tenant_schema::identity::{NewUserPermission, Rules, User, UserChanges, UserPermission};
use tenant_schema::settings::{Audited, Change};
use utoipa::OpenApi;
use uuid::Uuid;

use super::users::etag;
use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authority::{Authority, keeping_an_admin};
use crate::identity::authorized::Authorized;
use crate::identity::permission::{Grants, PermissionsAssign, PermissionsRead};
use crate::resource::{IfMatch, PathId, StrictList, Success};
use body::{Ruling, check, permission_ids};
use effective_permission::EffectivePermission;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    show_user_permissions,
    replace_user_permissions,
    show_effective_permissions
))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    let own = Methods::at("/users/{id}/permissions");
    let effective = Methods::at("/users/{id}/effective-permissions");
    scope
        .service(own.get(show_user_permissions).put(replace_user_permissions))
        .service(effective.get(show_effective_permissions));
}

/// Shows what is granted and denied to a user alone, beside their roles, as far as it has not ended.
#[utoipa::path(get, path = "/users/{id}/permissions", tag = "users", params(("id" = Uuid, Path)),
    responses((status = 200, body = Success<Vec<Ruling>>)))]
async fn show_user_permissions(
    caller: Authorized<PermissionsRead>,
    id: PathId,
) -> Result<Success<Vec<Ruling>>, ApiError> {
    let conn = caller.conn().await?;
    let user = User::find(*id, conn).await?;
    let rules = Rules::load(*id, conn).await?;
    let shown = Ruling::all(rules, caller.now());
    Ok(Success::new("the permissions of the user alone", shown).etag(etag(&user)))
}

/// Replaces what is granted and denied to a user alone, as a whole. Nobody grants what they lack, ends a denial of what they
/// lack, or rules over a user who stands above them. `If-Match` names the version of the user.
#[utoipa::path(put, path = "/users/{id}/permissions", tag = "users", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = Vec<Ruling>, responses((status = 200, body = Success<Vec<Ruling>>)))]
async fn replace_user_permissions(
    mut caller: Authorized<PermissionsAssign>,
    id: PathId,
    if_match: IfMatch,
    body: StrictList<Ruling>,
) -> Result<Success<Vec<Ruling>>, ApiError> {
    let authority = Authority::of(&caller);
    let rulings = check(body.0, authority.at())?;
    let user = caller
        .mutate("users.replace_permissions", async |conn| {
            let replace = async |conn: &mut TenantConn| {
                replace(*id, &if_match, &rulings, &authority, conn).await
            };
            keeping_an_admin(conn, replace).await
        })
        .await?;
    Ok(Success::new("the permissions were replaced", rulings).etag(etag(&user)))
}

/// Belongs into a transaction that keeps an admin.
async fn replace(
    id: Uuid,
    if_match: &IfMatch,
    rulings: &[Ruling],
    authority: &Authority,
    conn: &mut TenantConn,
) -> Result<(User, Change), ApiError> {
    let precondition = |user: &User| if_match.check(&etag(user));
    let (_, user) = User::change(id, precondition, &UserChanges::default(), conn).await?;
    let ids = permission_ids(rulings, conn).await?;
    let before = Ruling::all(Rules::load(id, conn).await?, authority.at());
    authority.require_over(id, conn).await?;
    let rules = |rulings: &[Ruling]| rulings.iter().map(Ruling::rule).collect::<Vec<_>>();
    authority.require_to_rule(&rules(&before), &rules(rulings))?;
    let new = rulings.iter().zip(ids);
    let new = new.map(|(ruling, permission_id)| NewUserPermission {
        user_id: id,
        permission_id,
        effect: ruling.rule().effect,
        valid_until: ruling.rule().valid_until,
        granted_by: Some(authority.user_id()),
    });
    UserPermission::replace(id, &new.collect::<Vec<_>>(), conn).await?;
    let change = Change::replaced(
        User::KIND,
        id.to_string(),
        json!({ "permissions": before }),
        json!({ "permissions": rulings }),
    );
    Ok((user, change))
}

/// Shows every permission that there is, and whether and why a user has it now.
#[utoipa::path(get, path = "/users/{id}/effective-permissions", tag = "users", params(("id" = Uuid, Path)),
    responses((status = 200, body = Success<Vec<EffectivePermission>>)))]
async fn show_effective_permissions(
    caller: Authorized<PermissionsRead>,
    id: PathId,
) -> Result<Success<Vec<EffectivePermission>>, ApiError> {
    let conn = caller.conn().await?;
    let user = User::find(*id, conn).await?;
    let grants = Grants::of(&Rules::load(*id, conn).await?);
    let shown = EffectivePermission::all(&grants, caller.now());
    Ok(Success::new("what the user may do, and why", shown).etag(etag(&user)))
}
