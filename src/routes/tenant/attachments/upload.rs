//! The forms of uploads: checked as a whole, and committed. From when a file is stored until its row is committed it may be
//! left over; everything here sees to it that it is not, as far as this process lives.

use std::cell::Cell;
use std::collections::BTreeMap;

use connection::TenantConn;
use tenant_schema::record::{Record, RecordKind};
use tenant_schema::settings::Change;
use tenant_schema::tools::{Attachment, NewAttachment};
use utoipa::ToSchema;
use uuid::Uuid;

use super::admission::{Room, require};
use super::body::check_description;
use super::find_locked;
use super::view::AttachmentView;
use crate::attachments::FileName;
use crate::attachments::file_name::FileNameError;
use crate::attachments::form::Received;
use crate::attachments::upload::Uploaded;
use crate::error::ApiError;
use crate::identity::signed_in::SignedIn;
use crate::resource::{KeptAnswer, Repeatable, Validation};

/// The fields of the form beside the file.
pub(super) const FIELDS: [&str; 4] = ["attachable_type", "attachable_id", "name", "description"];

/// A file and what it hangs on.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) struct AttachmentForm {
    attachable_type: RecordKind,
    attachable_id: Uuid,
    /// Name of the file, if another than the one that it comes with.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    #[schema(max_length = 500)]
    description: Option<String>,
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// The next version of a file.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) struct VersionForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A form that was checked, its file stored.
#[derive(Debug)]
pub(super) struct NewUpload {
    new: NewAttachment,
    file: Uploaded,
    request: Option<Repeatable>,
}

impl NewUpload {
    /// Checks every field.
    ///
    /// # Errors
    /// `validation_failed` with every fault; the file is removed again.
    pub(super) fn check(received: Received) -> Result<Self, ApiError> {
        let Received {
            mut fields,
            file,
            file_name,
            request,
        } = received;
        let mut validation = Validation::new();
        let kind = parsed("attachable_type", &mut fields, &mut validation);
        let id = parsed("attachable_id", &mut fields, &mut validation);
        let name = match fields.remove("name") {
            Some(name) => FileName::parse(&name),
            None => file_name.map_or(Err(FileNameError), |name| FileName::of_upload(&name)),
        };
        let name = validation.take("name", name);
        let description = fields.remove("description");
        check_description(description.as_deref(), &mut validation);
        let (Some(kind), Some(id), Some(name)) = (kind, id, name) else {
            validation.finish()?;
            return Err(ApiError::internal("a fault was not recorded"));
        };
        validation.finish()?;
        let new = NewAttachment {
            record: Record { kind, id },
            name: name.into_inner(),
            description,
            content: file.content().clone(),
        };
        Ok(Self { new, file, request })
    }
}

impl SignedIn {
    /// Commits an upload: the row that names the file.
    ///
    /// # Errors
    /// `validation_failed` where the record is not there, `storage_full`, and as [`Self::create`].
    pub(super) async fn attach(&mut self, upload: NewUpload) -> Result<KeptAnswer, ApiError> {
        let NewUpload { new, file, request } = upload;
        let room = Room::of(self, file.content().size);
        let work = async |conn: &mut TenantConn| {
            room.require(conn).await?;
            require(new.record, conn).await?;
            let attachment = new.insert(conn).await?;
            let change = Change::created(&attachment);
            Ok((attachment, change))
        };
        self.commit(
            "attachments.create",
            file,
            request,
            AttachmentView::created,
            work,
        )
        .await
    }

    /// Commits a further version of an attachment.
    ///
    /// # Errors
    /// `not_found` where the attachment is not there, `storage_full`, and as [`Self::create`].
    pub(super) async fn attach_version(
        &mut self,
        id: Uuid,
        received: Received,
    ) -> Result<KeptAnswer, ApiError> {
        let Received { file, request, .. } = received;
        let (room, content) = (Room::of(self, file.content().size), file.content().clone());
        let work = async |conn: &mut TenantConn| {
            let before = find_locked(id, conn).await?;
            room.require(conn).await?;
            let after = before.add_version(&content, conn).await?;
            let change = Change::updated(&before, &after);
            Ok((after, change))
        };
        self.commit(
            "attachments.add_version",
            file,
            request,
            AttachmentView::extended,
            work,
        )
        .await
    }

    /// Creates what names the file, and removes the file where it is certain that nothing does: the work was refused, or the
    /// answer to an earlier request was given again. Where the outcome of a commit is unknown, a sweep will know.
    async fn commit(
        &mut self,
        action: &'static str,
        mut file: Uploaded,
        request: Option<Repeatable>,
        show: impl Fn(&platform_schema::Tenant, Attachment) -> crate::resource::Success<AttachmentView>,
        mut work: impl AsyncFnMut(&mut TenantConn) -> Result<(Attachment, Change), ApiError>,
    ) -> Result<KeptAnswer, ApiError> {
        let is_named = Cell::new(false);
        file.hold();
        let outcome = self
            .create(
                action,
                request.as_ref(),
                show,
                async |conn: &mut TenantConn| {
                    is_named.set(false);
                    let done = work(conn).await?;
                    is_named.set(true);
                    Ok(done)
                },
            )
            .await;
        file.settle(is_named.get()).await;
        outcome
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &str,
    fields: &mut BTreeMap<String, String>,
    validation: &mut Validation,
) -> Option<T> {
    if let Some(text) = fields.remove(name) {
        return validation.take(name, text.parse());
    }
    validation.field(name, "is required");
    None
}
