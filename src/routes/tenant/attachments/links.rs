//! Routes of links: who may read an attachment makes one, and whoever has it reads one version for a while.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenant_schema::settings::{Audited, Change};
use tenant_schema::tools::{Attachment, AttachmentVersion};
use utoipa::ToSchema;

use crate::attachments::delivery::deliver;
use crate::attachments::link_holder::LinkHolder;
use crate::error::ApiError;
use crate::identity::authorized::Authorized;
use crate::identity::permission::AttachmentsRead;
use crate::platform::Platform;
use crate::resource::{PathId, StrictJson, Success, Validation};

/// How long a link lives at most, in seconds.
const LONGEST: u32 = 3_600;

/// How long it lives where nobody says, in seconds.
const USUAL: u32 = 300;

/// A link to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateLink {
    /// Number of the version; absent: the newest, which stays the same when another is added.
    #[schema(minimum = 1)]
    version: Option<i32>,
    /// Seconds that the link lives.
    #[schema(minimum = 1, maximum = 3600, default = 300)]
    expires_in: Option<u32>,
}

/// A link. Whoever has it reads the version, without a token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkView {
    /// Path of the link.
    url: String,
    /// Number of the version.
    version: i32,
    expires_at: DateTime<Utc>,
}

/// Makes a link to a version of an attachment.
#[utoipa::path(post, path = "/tools/attachments/{id}/links", tag = "attachments", params(("id" = Uuid, Path)), request_body = CreateLink, responses((status = 201, body = Success<LinkView>)))]
pub(super) async fn create_link(
    mut caller: Authorized<AttachmentsRead>,
    id: PathId,
    body: StrictJson<CreateLink>,
    platform: Data<Platform>,
) -> Result<Success<LinkView>, ApiError> {
    let expires_at = Utc::now() + lifetime(&body)?;
    let version = caller
        .mutate("attachments.link", async |conn| {
            let attachment = Attachment::find(*id, conn).await?;
            let number = body.version.unwrap_or(attachment.version);
            let version = AttachmentVersion::find(*id, number, conn).await?;
            let what = json!({ "version": number, "expires_at": expires_at });
            let change = Change::about(Attachment::KIND, Some(attachment.key()), what);
            Ok((version, change))
        })
        .await?;
    let (tenant, links) = (caller.tenant(), &platform.attachment_links);
    let link = links.sign(&tenant.id, version.id, expires_at);
    let slug = &tenant.slug;
    let url = format!("/api/v1/tenants/{slug}/tools/attachments/links/{link}");
    let view = LinkView {
        url: url.clone(),
        version: version.number,
        expires_at,
    };
    Ok(Success::created("the link was made", url, view))
}

/// Reads the version that a link leads to.
#[utoipa::path(get, path = "/tools/attachments/links/{link}", tags = ["attachments", "public"],
    params(("link" = String, Path), ("Range" = Option<String>, Header, description = "One part of the content: `bytes=0-99`."), ("If-Range" = Option<String>, Header)),
    responses((status = 200, description = "the content", content_type = "application/octet-stream", body = Vec<u8>), (status = 206, description = "the part"), (status = 416, description = "there is no such part")))]
pub(super) async fn follow_link(
    holder: LinkHolder,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (version, attachment) = holder.find().await?;
    let store = &holder.platform.attachments;
    deliver(&request, holder.tenant(), &attachment.name, &version, store).await
}

fn lifetime(body: &CreateLink) -> Result<TimeDelta, ApiError> {
    let seconds = body.expires_in.unwrap_or(USUAL);
    let mut validation = Validation::new();
    let fits = (1..=LONGEST).contains(&seconds);
    validation.require(fits, "expires_in", "must be 1 to 3600 seconds");
    validation.finish()?;
    Ok(TimeDelta::seconds(seconds.into()))
}
