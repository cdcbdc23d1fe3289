//! The life of an attachment: changed, given a new version, deleted, restored, and at last removed. All of it belongs into a
//! transaction, which is the caller's: it records the change in the audit log, too.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::attachment_version::{StoredContent, attachment_versions};
use super::{Attachment, AttachmentChanges, attachments};
use crate::TenantEnum as _;
use crate::clock::clock_timestamp;
use crate::settings::Audited;
use crate::soft_deletion::softly_deleted;

impl Audited for Attachment {
    const KIND: &'static str = "attachment";

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn snapshot(&self) -> Value {
        json!({
            "id": self.id,
            "attachable_type": self.attachable_type.label(),
            "attachable_id": self.attachable_id,
            "name": self.name,
            "description": self.description,
            "version": self.version,
            "content_type": self.content_type,
            "size": self.size,
            "sha256": self.sha256.iter().fold(String::new(), |mut text, byte| {
                // Writing to a string does not fail.
                let _ = write!(text, "{byte:02x}");
                text
            }),
            "created_by": self.created_by,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "deleted_at": self.deleted_at,
        })
    }
}

softly_deleted!(pub Attachment of attachments);

impl Attachment {
    /// Changes the attachment. Gives it as it is then.
    pub async fn change(
        &self,
        changes: &AttachmentChanges,
        mut conn: &TenantConn,
    ) -> QueryResult<Self> {
        diesel::update(attachments::table.find(self.id))
            .set((changes, attachments::updated_at.eq(clock_timestamp())))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }

    /// Adds a version, which is the newest then. Gives the attachment as it is then. It has to be locked.
    pub async fn add_version(
        &self,
        content: &StoredContent,
        mut conn: &TenantConn,
    ) -> QueryResult<Self> {
        let after: Self = diesel::update(attachments::table.find(self.id))
            .set((
                attachments::version.eq(attachments::version + 1),
                attachments::content_type.eq(&content.content_type),
                attachments::size.eq(content.size),
                attachments::sha256.eq(&content.sha256),
                attachments::updated_at.eq(clock_timestamp()),
            ))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await?;
        content.insert(&after, conn).await?;
        Ok(after)
    }

    /// At most `limit` of the attachments that were deleted before `until`, the first of them first, locked until the
    /// transaction ends; without those that another transaction holds.
    pub async fn long_deleted(
        until: DateTime<Utc>,
        limit: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        attachments::table
            .filter(attachments::deleted_at.lt(until))
            .order((attachments::deleted_at, attachments::id))
            .limit(limit)
            .select(Self::as_select())
            .for_update()
            .skip_locked()
            .load(&mut conn)
            .await
    }

    /// Removes the attachment and its versions for good. Gives the names of the objects that nothing names any more.
    pub async fn remove(&self, mut conn: &TenantConn) -> QueryResult<Vec<Uuid>> {
        let versions =
            attachment_versions::table.filter(attachment_versions::attachment_id.eq(self.id));
        let objects = diesel::delete(versions)
            .returning(attachment_versions::object_id)
            .get_results(&mut conn)
            .await?;
        diesel::delete(attachments::table.find(self.id))
            .execute(&mut conn)
            .await?;
        Ok(objects)
    }
}
