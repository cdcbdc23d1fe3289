//! An attachment and its versions as tenant users see them.

use chrono::{DateTime, Utc};
use platform_schema::Tenant;
use serde::Serialize;
use tenant_schema::record::RecordKind;
use tenant_schema::tools::{Attachment, AttachmentVersion};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::attachments::delivery::hex;
use crate::resource::{ETag, Success};

/// An attachment, with what is known of its newest version.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttachmentView {
    id: Uuid,
    /// What kind of record it hangs on.
    attachable_type: RecordKind,
    attachable_id: Uuid,
    /// Name of the file.
    name: String,
    description: Option<String>,
    /// Number of the newest version, from 1.
    version: i32,
    content_type: String,
    /// Bytes.
    size: i64,
    /// SHA-256 in hexadecimal digits.
    sha256: String,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

/// The version of an attachment's row.
pub(super) fn etag(attachment: &Attachment) -> ETag {
    ETag::of(attachment.id, attachment.updated_at)
}

impl AttachmentView {
    /// Shows an attachment.
    pub(super) fn new(attachment: Attachment) -> Self {
        Self {
            id: attachment.id,
            attachable_type: attachment.attachable_type,
            attachable_id: attachment.attachable_id,
            name: attachment.name,
            description: attachment.description,
            version: attachment.version,
            content_type: attachment.content_type,
            size: attachment.size,
            sha256: hex(&attachment.sha256),
            created_by: attachment.created_by,
            created_at: attachment.created_at,
            updated_at: attachment.updated_at,
            deleted_at: attachment.deleted_at,
        }
    }

    /// 200 with the attachment and its version.
    pub(super) fn success(message: &'static str, attachment: Attachment) -> Success<Self> {
        let etag = etag(&attachment);
        Success::new(message, Self::new(attachment)).etag(etag)
    }

    /// 201 with the new attachment and its version.
    pub(super) fn created(tenant: &Tenant, attachment: Attachment) -> Success<Self> {
        Self::with_location("the file was attached", "", tenant, attachment)
    }

    /// 201 with the attachment, which has a new version.
    pub(super) fn extended(tenant: &Tenant, attachment: Attachment) -> Success<Self> {
        let rest = format!("/versions/{}/content", attachment.version);
        Self::with_location("the version was added", &rest, tenant, attachment)
    }

    fn with_location(
        message: &'static str,
        rest: &str,
        tenant: &Tenant,
        attachment: Attachment,
    ) -> Success<Self> {
        let (etag, slug, id) = (etag(&attachment), &tenant.slug, attachment.id);
        let location = format!("/api/v1/tenants/{slug}/tools/attachments/{id}{rest}");
        Success::created(message, location, Self::new(attachment)).etag(etag)
    }
}

/// A version of an attachment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionView {
    id: Uuid,
    /// From 1.
    number: i32,
    content_type: String,
    /// Bytes.
    size: i64,
    /// SHA-256 in hexadecimal digits.
    sha256: String,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl VersionView {
    /// Shows a version.
    pub(super) fn new(version: AttachmentVersion) -> Self {
        Self {
            id: version.id,
            number: version.number,
            content_type: version.content_type,
            size: version.size,
            sha256: hex(&version.sha256),
            created_by: version.created_by,
            created_at: version.created_at,
        }
    }
}
