//! What uploads are refused for: a record that is not there, and a plan without room. Both are asked before a file arrives, so
//! that nobody sends what is refused anyway, and exactly when its row is written.
//!
//! A request with an `Idempotency-Key` may repeat an upload that has taken the last room, or that hangs on what was deleted
//! since. It is read as a whole, for only then its answer is known.

use std::collections::BTreeMap;

use connection::TenantConn;
use tenant_schema::record::Record;
use tenant_schema::tools::{Attachment, AttachmentVersion};
use uuid::Uuid;

use crate::attachments::form::UploadForm;
use crate::error::{ApiError, Code};
use crate::identity::signed_in::SignedIn;
use crate::resource::Validation;
use crate::store::AttachmentStore;

impl SignedIn {
    /// Refuses a file that is too large or has no room, by the length of the body.
    ///
    /// # Errors
    /// `body_too_large`, `storage_full`, and as [`Self::conn`].
    pub(super) async fn admit(
        &self,
        form: &UploadForm,
        store: &AttachmentStore,
    ) -> Result<(), ApiError> {
        form.require_size(store)?;
        let room = Room::of_form(self, form);
        if form.is_repeatable() || room.is_endless() {
            return Ok(());
        }
        self.glance(async |conn| room.glance(conn).await).await
    }

    /// Refuses a file for a record that is not there, as far as the fields before the file name one and `asks`.
    ///
    /// # Errors
    /// `validation_failed`, and as [`Self::conn`].
    pub(super) async fn admit_record(
        &self,
        fields: &BTreeMap<String, String>,
        asks: bool,
    ) -> Result<(), ApiError> {
        let field = |name: &str| fields.get(name);
        let (Some(kind), Some(id)) = (field("attachable_type"), field("attachable_id")) else {
            return Ok(());
        };
        let mut validation = Validation::new();
        let kind = validation.take("attachable_type", kind.parse());
        let id = validation.take("attachable_id", id.parse());
        validation.finish()?;
        let (Some(kind), Some(id), true) = (kind, id, asks) else {
            return Ok(());
        };
        self.glance(async |conn| require(Record { kind, id }, conn).await)
            .await
    }

    /// As [`Self::admit`], of a further version of an attachment.
    ///
    /// # Errors
    /// `not_found` where the attachment is not there, and as [`Self::admit`].
    pub(super) async fn admit_version(
        &self,
        id: Uuid,
        form: &UploadForm,
        store: &AttachmentStore,
    ) -> Result<(), ApiError> {
        form.require_size(store)?;
        if form.is_repeatable() {
            return Ok(());
        }
        let room = Room::of_form(self, form);
        self.glance(async |conn| {
            Attachment::find(id, conn).await?;
            room.glance(conn).await
        })
        .await
    }
}

/// Refuses a record that is not there.
///
/// # Errors
/// `validation_failed`, or a failure of the database.
pub(super) async fn require(record: Record, conn: &TenantConn) -> Result<(), ApiError> {
    if record.hold(conn).await? {
        return Ok(());
    }
    let message = "names no record of this type";
    Err(ApiError::new(Code::ValidationFailed).field("attachable_id", message))
}

/// What the tenant's plan leaves for a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    size: i64,
    most: Option<i64>,
}

impl Room {
    /// For a file of so many bytes.
    pub(super) fn of(caller: &SignedIn, size: i64) -> Self {
        Self {
            size,
            most: caller.limits().max_storage_bytes,
        }
    }

    fn of_form(caller: &SignedIn, form: &UploadForm) -> Self {
        let size = i64::try_from(form.least_bytes());
        Self::of(caller, size.unwrap_or(i64::MAX))
    }

    fn is_endless(self) -> bool {
        self.most.is_none()
    }

    /// Refuses a file that there is no room for, counted exactly until the transaction ends.
    ///
    /// # Errors
    /// `storage_full`, or a failure of the database.
    pub(super) async fn require(self, conn: &mut TenantConn) -> Result<(), ApiError> {
        match self.most {
            Some(most) => self.fit(AttachmentVersion::hold_usage(conn).await?, most),
            None => Ok(()),
        }
    }

    /// The same as it seems now.
    async fn glance(self, conn: &TenantConn) -> Result<(), ApiError> {
        match self.most {
            Some(most) => self.fit(AttachmentVersion::usage(conn).await?, most),
            None => Ok(()),
        }
    }

    fn fit(self, used: i64, most: i64) -> Result<(), ApiError> {
        let size = self.size;
        if used.saturating_add(size) <= most {
            return Ok(());
        }
        let detail = format!("{used} of {most} bytes are used, and the file has {size}");
        Err(ApiError::new(Code::StorageFull).detail(detail))
    }
}
