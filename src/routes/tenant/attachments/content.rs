//! Routes to what is in attachments: all of it, or a part by `Range`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use tenant_schema::tools::{Attachment, AttachmentVersion};

use super::versions::VersionNumber;
use crate::attachments::delivery::deliver;
use crate::error::ApiError;
use crate::identity::authorized::Authorized;
use crate::identity::permission::AttachmentsRead;
use crate::platform::Platform;
use crate::resource::PathId;

/// Reads the newest version of an attachment.
#[utoipa::path(get, path = "/tools/attachments/{id}/content", tag = "attachments",
    params(("id" = Uuid, Path), ("Range" = Option<String>, Header, description = "One part of the content: `bytes=0-99`."), ("If-Range" = Option<String>, Header)),
    responses((status = 200, description = "the content", content_type = "application/octet-stream", body = Vec<u8>), (status = 206, description = "the part"), (status = 416, description = "there is no such part")))]
pub(super) async fn read_attachment(
    caller: Authorized<AttachmentsRead>,
    id: PathId,
    request: HttpRequest,
    platform: Data<Platform>,
) -> Result<HttpResponse, ApiError> {
    let conn = caller.conn().await?;
    let attachment = Attachment::find(*id, conn).await?;
    let version = AttachmentVersion::find(attachment.id, attachment.version, conn).await?;
    send(caller, &attachment, &version, &request, &platform).await
}

/// Reads a version of an attachment.
#[utoipa::path(get, path = "/tools/attachments/{id}/versions/{number}/content", tag = "attachments",
    params(("id" = Uuid, Path), ("number" = i32, Path), ("Range" = Option<String>, Header, description = "One part of the content: `bytes=0-99`."), ("If-Range" = Option<String>, Header)),
    responses((status = 200, description = "the content", content_type = "application/octet-stream", body = Vec<u8>), (status = 206, description = "the part"), (status = 416, description = "there is no such part")))]
pub(super) async fn read_version(
    caller: Authorized<AttachmentsRead>,
    id: PathId,
    number: VersionNumber,
    request: HttpRequest,
    platform: Data<Platform>,
) -> Result<HttpResponse, ApiError> {
    let conn = caller.conn().await?;
    let attachment = Attachment::find(*id, conn).await?;
    let version = AttachmentVersion::find(attachment.id, number.0, conn).await?;
    send(caller, &attachment, &version, &request, &platform).await
}

/// Sends a version. The caller's connection is given back before the store is asked for anything.
async fn send(
    caller: Authorized<AttachmentsRead>,
    attachment: &Attachment,
    version: &AttachmentVersion,
    request: &HttpRequest,
    platform: &Platform,
) -> Result<HttpResponse, ApiError> {
    let tenant = caller.tenant().id.clone();
    drop(caller);
    let store = &platform.attachments;
    deliver(request, &tenant, &attachment.name, version, store).await
}
