//! Routes of the attachments resource. What is in them is in `content`, their versions in `versions`, links in `links`.

mod admission;
mod body;
mod content;
mod links;
mod query;
mod upload;
mod versions;
mod view;

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig};
use connection::TenantConn;
use tenant_schema::settings::Change;
use tenant_schema::tools::Attachment;
use utoipa::OpenApi;
use uuid::Uuid;

use crate::attachments::form::UploadForm;
use crate::error::{ApiError, Code};
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::{
    AttachmentsCreate, AttachmentsDelete, AttachmentsRead, AttachmentsUpdate, Permission,
};
use crate::platform::Platform;
use crate::resource::{
    IfMatch, KeptAnswer, List, PageRequest, PathId, StrictJson, StrictQuery, Success,
};
use body::PatchAttachment;
use query::{AttachmentParameters, AttachmentQuery};
use upload::{AttachmentForm, NewUpload};
use view::{AttachmentView, etag};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list_attachments,
    create_attachment,
    find_attachment,
    update_attachment,
    delete_attachment,
    restore_attachment,
    content::read_attachment,
    content::read_version,
    versions::list_versions,
    versions::create_version,
    links::create_link,
    links::follow_link
))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    let path = "/tools/attachments";
    let one = format!("{path}/{{id}}");
    let at = |rest: &str| Methods::at(&format!("{one}{rest}"));
    scope
        .service(
            Methods::at(path)
                .get(list_attachments)
                .post(create_attachment),
        )
        .service(Methods::at(&format!("{path}/links/{{link}}")).get(links::follow_link))
        .service(
            at("")
                .get(find_attachment)
                .patch(update_attachment)
                .delete(delete_attachment),
        )
        .service(at("/restore").post(restore_attachment))
        .service(at("/content").get(content::read_attachment))
        .service(at("/links").post(links::create_link))
        .service(
            at("/versions")
                .get(versions::list_versions)
                .post(versions::create_version),
        )
        .service(at("/versions/{number}/content").get(content::read_version));
}

/// Lists the attachments, the newest first.
#[utoipa::path(get, path = "/tools/attachments", tag = "attachments", params(PageRequest, AttachmentParameters), responses((status = 200, body = List<AttachmentView>)))]
async fn list_attachments(
    caller: Authorized<AttachmentsRead>,
    query: StrictQuery<AttachmentQuery>,
) -> Result<List<AttachmentView>, ApiError> {
    if query.filter.include_deleted {
        caller.require(AttachmentsDelete::NAME)?;
    }
    let (filter, orders, page) = (&query.filter, &query.orders, query.page);
    let conn = caller.conn().await?;
    let attachments = Attachment::list(filter, orders, page.limit(), page.offset(), conn);
    let (attachments, total) =
        futures_util::try_join!(attachments, Attachment::count(filter, conn))?;
    let shown = attachments.into_iter().map(AttachmentView::new).collect();
    Ok(List::new("attachments", shown, page, total))
}

/// Attaches a file to a record. The file is stored as it arrives.
#[utoipa::path(post, path = "/tools/attachments", tag = "attachments", request_body(content = AttachmentForm, content_type = "multipart/form-data"),
    params(("Idempotency-Key" = Option<String>, Header, description = "A repetition with the same key gets the same answer, for a day.")),
    responses((status = 201, body = Success<AttachmentView>)))]
async fn create_attachment(
    mut caller: Authorized<AttachmentsCreate>,
    form: UploadForm,
    platform: Data<Platform>,
) -> Result<KeptAnswer, ApiError> {
    let store = &platform.attachments;
    caller.admit(&form, store).await?;
    let asks = !form.is_repeatable();
    let admit = async |fields: &_| caller.admit_record(fields, asks).await;
    let received = form.receive(&upload::FIELDS, &caller, store, admit).await?;
    caller.attach(NewUpload::check(received)?).await
}

/// Shows an attachment, without what is in it.
#[utoipa::path(get, path = "/tools/attachments/{id}", tag = "attachments", params(("id" = Uuid, Path)), responses((status = 200, body = Success<AttachmentView>)))]
async fn find_attachment(
    caller: Authorized<AttachmentsRead>,
    id: PathId,
) -> Result<Success<AttachmentView>, ApiError> {
    let attachment = Attachment::find(*id, caller.conn().await?).await?;
    Ok(AttachmentView::success("the attachment", attachment))
}

/// Changes the name or the description of an attachment.
#[utoipa::path(patch, path = "/tools/attachments/{id}", tag = "attachments", params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = PatchAttachment,
    responses((status = 200, body = Success<AttachmentView>)))]
async fn update_attachment(
    mut caller: Authorized<AttachmentsUpdate>,
    id: PathId,
    if_match: IfMatch,
    body: StrictJson<PatchAttachment>,
) -> Result<Success<AttachmentView>, ApiError> {
    let changes = body.into_inner().check()?;
    let work = async |conn: &mut TenantConn| {
        let before = lock(*id, &if_match, conn).await?;
        let after = before.change(&changes, conn).await?;
        let change = Change::updated(&before, &after);
        Ok((after, change))
    };
    let attachment = caller.mutate("attachments.update", work).await?;
    Ok(AttachmentView::success(
        "the attachment was changed",
        attachment,
    ))
}

/// Deletes an attachment softly: for a while it can be restored, and counts against the plan.
#[utoipa::path(delete, path = "/tools/attachments/{id}", tag = "attachments", params(("id" = Uuid, Path), ("If-Match" = String, Header)), responses((status = 204)))]
async fn delete_attachment(
    mut caller: Authorized<AttachmentsDelete>,
    id: PathId,
    if_match: IfMatch,
) -> Result<HttpResponse, ApiError> {
    caller
        .mutate("attachments.delete", async |conn| {
            let before = lock(*id, &if_match, conn).await?;
            let after = before.delete(conn).await?;
            Ok(((), Change::updated(&before, &after)))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Undoes a deletion.
#[utoipa::path(post, path = "/tools/attachments/{id}/restore", tag = "attachments", params(("id" = Uuid, Path)), responses((status = 200, body = Success<AttachmentView>)))]
async fn restore_attachment(
    mut caller: Authorized<AttachmentsDelete>,
    id: PathId,
) -> Result<Success<AttachmentView>, ApiError> {
    let attachment = caller
        .mutate("attachments.restore", async |conn| {
            let before = Attachment::lock(*id, conn).await?;
            let after = before.restore(conn).await?;
            let change = Change::updated(&before, &after);
            Ok((after, change))
        })
        .await?;
    Ok(AttachmentView::success(
        "the attachment was restored",
        attachment,
    ))
}

/// The attachment, not deleted, of a version that the client is willing to change, locked until the transaction ends.
async fn lock(id: Uuid, if_match: &IfMatch, conn: &TenantConn) -> Result<Attachment, ApiError> {
    let attachment = find_locked(id, conn).await?;
    if_match.check(&etag(&attachment))?;
    Ok(attachment)
}

/// The attachment, not deleted, locked until the transaction ends.
async fn find_locked(id: Uuid, conn: &TenantConn) -> Result<Attachment, ApiError> {
    let attachment = Attachment::lock(id, conn).await?;
    match attachment.deleted_at {
        None => Ok(attachment),
        Some(_) => Err(ApiError::new(Code::NotFound)),
    }
}
