//! Routes of the users resource.

mod body;
mod change;
mod import;
mod query;
mod view;

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig};
use connection::TenantConn;
use tenant_schema::identity::{Role, User, UserChanges};
use utoipa::OpenApi;
use uuid::Uuid;

use super::deleted::{self, Deleted};
use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authority::Authority;
use crate::identity::authorized::Authorized;
use crate::identity::invitation::welcome;
use crate::identity::permission::{
    Permission, UsersCreate, UsersDelete, UsersImport, UsersRead, UsersRestore, UsersUpdate,
};
use crate::identity::signed_in::SignedIn;
use crate::pepper::mailed_link::MailedLink;
use crate::pepper::mailed_token::LinkKind;
use crate::platform::Platform;
use crate::resource::{
    CsvBody, IfMatch, KeptAnswer, List, PageRequest, PathId, RepeatableJson, StrictJson,
    StrictQuery, Success,
};
pub(super) use body::CreateUser;
use body::{PatchMe, PatchUser, PutUser};
use import::ImportReport;
use query::{ImportQuery, UserParameters, UserQuery};
pub use view::UserView;
pub(super) use view::etag;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list_users,
    create_user,
    find_user,
    update_user,
    replace_user,
    delete_user,
    restore_user,
    find_me,
    update_me,
    import_users
))]
pub struct Documentation;

/// Mounts the routes. `me` comes before `{id}`, which would take it for an id.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(Methods::at("/users").get(list_users).post(create_user))
        .service(Methods::at("/users/me").get(find_me).patch(update_me))
        .service(Methods::at("/users/import").post(import_users))
        .service(
            Methods::at("/users/{id}")
                .get(find_user)
                .patch(update_user)
                .put(replace_user)
                .delete(delete_user),
        )
        .service(Methods::at("/users/{id}/restore").post(restore_user));
}

/// Lists the users.
#[utoipa::path(get, path = "/users", tag = "users", params(PageRequest, UserParameters), responses((status = 200, body = List<UserView>)))]
async fn list_users(
    caller: Authorized<UsersRead>,
    query: StrictQuery<UserQuery>,
) -> Result<List<UserView>, ApiError> {
    if query.filter.include_deleted {
        caller.require(UsersRestore::NAME)?;
    }
    let (filter, orders, page) = (&query.filter, &query.orders, query.page);
    let conn = caller.conn().await?;
    let users = User::list(filter, orders, page.limit(), page.offset(), conn);
    let (users, total) = futures_util::try_join!(users, User::count(filter, conn))?;
    let ids: Vec<Uuid> = users.iter().map(|user| user.id).collect();
    let roles = Role::names_by_user(&ids, conn).await?;
    Ok(List::new(
        "users",
        UserView::many(users, roles),
        page,
        total,
    ))
}

/// Creates a user, and mails them a link: to set their password, or to prove their address where one is given. Giving them roles takes the permission `roles.assign` as well.
#[utoipa::path(post, path = "/users", tag = "users", request_body = CreateUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "A repetition with the same key gets the same answer, for a day.")),
    responses((status = 201, body = Success<UserView>)))]
async fn create_user(
    mut caller: Authorized<UsersCreate>,
    platform: Data<Platform>,
    body: RepeatableJson<CreateUser>,
) -> Result<KeptAnswer, ApiError> {
    let (body, request) = body.into_parts();
    body.authorize(&caller)?;
    let tenant = caller.tenant();
    let (new, roles) = body.into_new_user(tenant, &platform.hasher).await?;
    let link = platform.mailed_links.make(welcome(&new))?;
    let authority = Authority::of(&caller);
    let work =
        async |conn: &mut TenantConn| change::create(&new, &roles, &link, &authority, conn).await;
    caller
        .create("users.create", request.as_ref(), UserView::created, work)
        .await
}

/// Shows a user.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = Uuid, Path)), responses((status = 200, body = Success<UserView>)))]
async fn find_user(
    caller: Authorized<UsersRead>,
    id: PathId,
) -> Result<Success<UserView>, ApiError> {
    let (user, roles) = User::find_with_roles(*id, caller.conn().await?).await?;
    Ok(UserView::success("the user", user, roles))
}

/// Changes the given fields of a user.
#[utoipa::path(patch, path = "/users/{id}", tag = "users", params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = PatchUser,
    responses((status = 200, body = Success<UserView>)))]
async fn update_user(
    caller: Authorized<UsersUpdate>,
    platform: Data<Platform>,
    id: PathId,
    if_match: IfMatch,
    body: StrictJson<PatchUser>,
) -> Result<Success<UserView>, ApiError> {
    let changes = body.into_inner().into_changes()?;
    let link = platform.mailed_links.make(LinkKind::Verification)?;
    change_user(
        "the user was changed",
        caller,
        *id,
        &if_match,
        &changes,
        &link,
    )
    .await
}

/// Replaces all settable fields of a user; one that is not given is cleared.
#[utoipa::path(put, path = "/users/{id}", tag = "users", params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = PutUser,
    responses((status = 200, body = Success<UserView>)))]
async fn replace_user(
    caller: Authorized<UsersUpdate>,
    platform: Data<Platform>,
    id: PathId,
    if_match: IfMatch,
    body: StrictJson<PutUser>,
) -> Result<Success<UserView>, ApiError> {
    let changes = body.into_inner().into_changes()?;
    let link = platform.mailed_links.make(LinkKind::Verification)?;
    change_user(
        "the user was replaced",
        caller,
        *id,
        &if_match,
        &changes,
        &link,
    )
    .await
}

async fn change_user(
    message: &'static str,
    mut caller: Authorized<UsersUpdate>,
    id: Uuid,
    if_match: &IfMatch,
    changes: &UserChanges,
    link: &MailedLink,
) -> Result<Success<UserView>, ApiError> {
    let authority = Authority::of(&caller);
    let user = caller
        .mutate("users.update", async |conn| {
            change::change(id, if_match, changes, link, &authority, conn).await
        })
        .await?;
    UserView::changed(message, user, caller.conn().await?).await
}

/// Deletes a user softly: they are filtered out everywhere and can be restored.
#[utoipa::path(delete, path = "/users/{id}", tag = "users", params(("id" = Uuid, Path), ("If-Match" = String, Header)), responses((status = 204), (status = 200, body = Success<Deleted>)))]
async fn delete_user(
    mut caller: Authorized<UsersDelete>,
    id: PathId,
    if_match: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let authority = Authority::of(&caller);
    let hanging = caller
        .mutate("users.delete", async |conn| {
            let (_, change) = change::delete(*id, &if_match, &authority, conn).await?;
            Ok((deleted::hanging("user", *id, conn).await?, change))
        })
        .await?;
    Ok(Deleted::answer(hanging))
}

/// Undoes a deletion.
#[utoipa::path(post, path = "/users/{id}/restore", tag = "users", params(("id" = Uuid, Path)), responses((status = 200, body = Success<UserView>)))]
async fn restore_user(
    mut caller: Authorized<UsersRestore>,
    id: PathId,
) -> Result<Success<UserView>, ApiError> {
    let authority = Authority::of(&caller);
    let user = caller
        .mutate("users.restore", async |conn| {
            change::restore(*id, &authority, conn).await
        })
        .await?;
    UserView::changed("the user was restored", user, caller.conn().await?).await
}

/// Shows the caller.
#[utoipa::path(get, path = "/users/me", tag = "users", responses((status = 200, body = Success<UserView>)))]
async fn find_me(caller: SignedIn) -> Success<UserView> {
    let access = caller.access();
    UserView::success("you", access.user.clone(), access.roles.clone())
}

/// Changes the caller's own names and image.
#[utoipa::path(patch, path = "/users/me", tag = "users", params(("If-Match" = String, Header)), request_body = PatchMe,
    responses((status = 200, body = Success<UserView>)))]
async fn update_me(
    mut caller: SignedIn,
    if_match: IfMatch,
    body: StrictJson<PatchMe>,
) -> Result<Success<UserView>, ApiError> {
    let (id, changes) = (caller.access().user.id, body.into_inner().into_changes()?);
    let precondition = |user: &User| if_match.check(&etag(user));
    let user = caller
        .mutate("users.update", async |conn| {
            let done = User::change(id, precondition, &changes, conn).await?;
            Ok(change::updated(done))
        })
        .await?;
    UserView::changed("you were changed", user, caller.conn().await?).await
}

/// Adds the users of a table, all or none, and invites them by mail. The names of roles are separated by `;`.
#[utoipa::path(post, path = "/users/import", tag = "users", params(("dry_run" = Option<bool>, Query, description = "Only checks, and reports every line.")),
    request_body(content = String, content_type = "text/csv", description = "Columns `email`, `username`, `first_name`, `last_name`, `middle_name`, `image`, `timezone`, `roles`."),
    responses((status = 200, body = Success<ImportReport>)))]
async fn import_users(
    mut caller: Authorized<UsersImport>,
    platform: Data<Platform>,
    query: StrictQuery<ImportQuery>,
    table: CsvBody,
) -> Result<Success<ImportReport>, ApiError> {
    let report = caller.import_users(&table.0, query.dry_run, &platform);
    Ok(Success::new("the table was read", report.await?))
}
