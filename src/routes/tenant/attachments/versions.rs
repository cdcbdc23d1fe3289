//! Routes of an attachment's versions. What is in them is in `content`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use tenant_schema::tools::{Attachment, AttachmentVersion};

use super::upload::VersionForm;
use super::view::{AttachmentView, VersionView};
use crate::attachments::form::UploadForm;
use crate::error::{ApiError, Code};
use crate::identity::authorized::Authorized;
use crate::identity::permission::{AttachmentsRead, AttachmentsUpdate};
use crate::platform::Platform;
use crate::resource::{
    FromQuery, KeptAnswer, List, PageRequest, PathId, QueryParameters, StrictQuery, Success,
};

/// The path's `{number}`; anything but a number from 1 is a version that does not exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct VersionNumber(pub(super) i32);

impl FromRequest for VersionNumber {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let number = request.match_info().get("number");
        let number = number.and_then(|text| text.parse().ok());
        let number = number.filter(|number| *number > 0);
        ready(number.map(Self).ok_or(ApiError::new(Code::NotFound)))
    }
}

/// The query of the list: a page.
#[derive(Debug)]
pub(super) struct VersionQuery(PageRequest);

impl FromQuery for VersionQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self(query.page()?))
    }
}

/// Lists the versions of an attachment, the newest first.
#[utoipa::path(get, path = "/tools/attachments/{id}/versions", tag = "attachments", params(("id" = Uuid, Path), PageRequest), responses((status = 200, body = List<VersionView>)))]
pub(super) async fn list_versions(
    caller: Authorized<AttachmentsRead>,
    id: PathId,
    query: StrictQuery<VersionQuery>,
) -> Result<List<VersionView>, ApiError> {
    let (page, conn) = (query.0.0, caller.conn().await?);
    let id = Attachment::find(*id, conn).await?.id;
    let versions = AttachmentVersion::list(id, page.limit(), page.offset(), conn);
    let (versions, total) = futures_util::try_join!(versions, AttachmentVersion::count(id, conn))?;
    let shown = versions.into_iter().map(VersionView::new).collect();
    Ok(List::new("versions", shown, page, total))
}

/// Adds a version to an attachment, which is the newest then.
#[utoipa::path(post, path = "/tools/attachments/{id}/versions", tag = "attachments", request_body(content = VersionForm, content_type = "multipart/form-data"),
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "A repetition with the same key gets the same answer, for a day.")),
    responses((status = 201, body = Success<AttachmentView>)))]
pub(super) async fn create_version(
    mut caller: Authorized<AttachmentsUpdate>,
    id: PathId,
    form: UploadForm,
    platform: Data<Platform>,
) -> Result<KeptAnswer, ApiError> {
    let store = &platform.attachments;
    caller.admit_version(*id, &form, store).await?;
    let received = form.receive(&[], &caller, store, async |_| Ok(())).await?;
    caller.attach_version(*id, received).await
}
