//! Routes of plain resources: what each of them is, is told by its type.

pub mod documentation;

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use connection::TenantConn;
use platform_schema::Tenant;
use tenant_schema::resource::{Filter, Resource};
use tenant_schema::settings::Change;
use uuid::Uuid;

use super::deleted::{self, Deleted};
use crate::error::{ApiError, Code, OnConstraint};
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::plain::{Create, Delete, Read, Update};
use crate::resource::{
    Checked, ETag, IfMatch, KeptAnswer, List, PathId, PlainQuery, RepeatableJson, StrictJson,
    StrictQuery, Success,
};

/// Mounts the routes of a resource.
pub fn configure<R: Resource>(scope: &mut ServiceConfig) {
    let one = format!("{}/{{id}}", R::PATH);
    scope
        .service(Methods::at(R::PATH).get(list::<R>).post(create::<R>))
        .service(
            Methods::at(&one)
                .get(find::<R>)
                .patch(update::<R>)
                .put(replace::<R>)
                .delete(delete::<R>),
        )
        .service(Methods::at(&format!("{one}/restore")).post(restore::<R>));
}

async fn list<R: Resource>(
    caller: Authorized<Read<R>>,
    query: StrictQuery<PlainQuery<R>>,
) -> Result<List<R>, ApiError> {
    if query.filter.includes_deleted() {
        caller.require(R::ACTIONS.delete)?;
    }
    let (filter, page) = (&query.filter, query.page);
    let conn = caller.conn().await?;
    let rows = R::list(filter, &query.orders, page.limit(), page.offset(), conn);
    let (rows, total) = futures_util::try_join!(rows, R::count(filter, conn))?;
    Ok(List::new(format!("the {}", name::<R>()), rows, page, total))
}

async fn create<R: Resource>(
    mut caller: Authorized<Create<R>>,
    body: RepeatableJson<R::New>,
) -> Result<KeptAnswer, ApiError> {
    let (body, request) = body.into_parts();
    let (id, author) = (Uuid::now_v7(), caller.access().user.id);
    let new = caller.seal(R::KIND, id, body.checked()?)?;
    let work = async |conn: &mut TenantConn| {
        let made = settled(None, R::insert(id, &new, author, conn).await, conn).await?;
        let change = Change::created(&made);
        Ok((made, change))
    };
    caller
        .create(R::ACTIONS.create, request.as_ref(), created::<R>, work)
        .await
}

async fn find<R: Resource>(
    caller: Authorized<Read<R>>,
    id: PathId,
) -> Result<Success<R>, ApiError> {
    let found = R::find(*id, caller.conn().await?).await?;
    Ok(shown("is here", found))
}

async fn update<R: Resource>(
    caller: Authorized<Update<R>>,
    id: PathId,
    if_match: IfMatch,
    body: StrictJson<R::Changes>,
) -> Result<Success<R>, ApiError> {
    let changes = caller.seal(R::KIND, *id, body.into_inner().checked()?)?;
    change("was changed", caller, *id, &if_match, &changes).await
}

async fn replace<R: Resource>(
    caller: Authorized<Update<R>>,
    id: PathId,
    if_match: IfMatch,
    body: StrictJson<R::New>,
) -> Result<Success<R>, ApiError> {
    let changes = caller
        .seal(R::KIND, *id, body.into_inner().checked()?)?
        .into();
    change("was replaced", caller, *id, &if_match, &changes).await
}

async fn change<R: Resource>(
    done: &'static str,
    mut caller: Authorized<Update<R>>,
    id: Uuid,
    if_match: &IfMatch,
    changes: &R::Changes,
) -> Result<Success<R>, ApiError> {
    let record = caller
        .mutate(R::ACTIONS.update, async |conn| {
            let before = lock::<R>(id, if_match, conn).await?;
            let after = settled(Some(&before), before.change(changes, conn).await, conn).await?;
            let change = Change::updated(&before, &after);
            Ok((after, change))
        })
        .await?;
    Ok(shown(done, record))
}

async fn delete<R: Resource>(
    mut caller: Authorized<Delete<R>>,
    id: PathId,
    if_match: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let hanging = caller
        .mutate(R::ACTIONS.delete, async |conn| {
            let before = lock::<R>(*id, &if_match, conn).await?;
            let after = before.set_deleted(true, conn).await?;
            let hanging = deleted::hanging(R::KIND, *id, conn).await?;
            Ok((hanging, Change::updated(&before, &after)))
        })
        .await?;
    Ok(Deleted::answer(hanging))
}

async fn restore<R: Resource>(
    mut caller: Authorized<Delete<R>>,
    id: PathId,
) -> Result<Success<R>, ApiError> {
    let restored = caller
        .mutate(R::ACTIONS.restore, async |conn| {
            let before = R::lock(*id, conn).await?;
            let after = settled(Some(&before), before.set_deleted(false, conn).await, conn).await?;
            let change = Change::updated(&before, &after);
            Ok((after, change))
        })
        .await?;
    Ok(shown("was restored", restored))
}

/// The row, not deleted, of a version that the client is willing to change, locked until the transaction ends.
async fn lock<R: Resource>(id: Uuid, if_match: &IfMatch, conn: &TenantConn) -> Result<R, ApiError> {
    let found = R::lock(id, conn).await?;
    if found.is_deleted() {
        return Err(ApiError::new(Code::NotFound));
    }
    if_match.check(&etag(&found))?;
    Ok(found)
}

/// What was written, where no constraint is violated and the records that it names are there, of which it did not name some
/// `before`: those may have been deleted since.
async fn settled<R: Resource>(
    before: Option<&R>,
    written: Result<R, impl Into<ApiError>>,
    conn: &TenantConn,
) -> Result<R, ApiError> {
    let written = written.map_err(Into::into);
    let written = R::BLAMES.iter().fold(written, |written, blame| {
        written.on_constraint(blame.constraint, blame.field, blame.message)
    })?;
    let known = before.map(R::named).unwrap_or_default();
    for (field, record) in written.named() {
        if !known.contains(&(field, record)) && !record.hold(conn).await? {
            let message = "names no record of this kind";
            return Err(ApiError::new(Code::ValidationFailed).field(field, message));
        }
    }
    Ok(written)
}

fn etag<R: Resource>(record: &R) -> ETag {
    ETag::of(record.id(), record.updated_at())
}

/// What people call it: `log call`.
fn name<R: Resource>() -> String {
    R::KIND.replace('_', " ")
}

fn shown<R: Resource>(done: &str, record: R) -> Success<R> {
    let etag = etag(&record);
    Success::new(format!("the {} {done}", name::<R>()), record).etag(etag)
}

fn created<R: Resource>(tenant: &Tenant, record: R) -> Success<R> {
    let (etag, slug) = (etag(&record), &tenant.slug);
    let location = format!("/api/v1/tenants/{slug}{}/{}", R::PATH, record.id());
    let message = format!("the {} was created", name::<R>());
    Success::created(message, location, record).etag(etag)
}
