//! Attachments: files that hang on records. Their contents are kept elsewhere, and named by their versions.

mod life;
mod list;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

pub use self::list::{AttachmentFilter, AttachmentSortKey};
use super::attachment_version::StoredContent;
use crate::TenantModel;
use crate::identity::user::users;
use crate::record::{Record, RecordKind};

/// A file that hangs on a record, as its newest version has it.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = attachments, check_for_backend(diesel::pg::Pg))]
#[model(index(attachable_type, attachable_id), index(deleted_at))]
pub struct Attachment {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// What kind of record it hangs on.
    #[column(enum)]
    pub attachable_type: RecordKind,
    /// The record.
    pub attachable_id: Uuid,
    /// Name of the file, without a folder.
    #[column(check = "char_length(name) between 1 and 255")]
    pub name: String,
    /// What is in the file.
    pub description: Option<String>,
    /// Number of the newest version, from 1.
    #[column(check = "version > 0")]
    pub version: i32,
    /// Media type of the newest version.
    pub content_type: String,
    /// Bytes of the newest version.
    #[column(check = "size >= 0")]
    pub size: i64,
    /// SHA-256 of the newest version.
    #[column(check = "octet_length(sha256) = 32")]
    pub sha256: Vec<u8>,
    /// Who attached it.
    #[column(references = "users(id) on delete set null")]
    pub created_by: Option<Uuid>,
    /// When it was attached.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[column(default = "now()")]
    pub updated_at: DateTime<Utc>,
    /// When it was deleted, if so. It goes with all its versions some time after.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// An attachment to be added.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// What it hangs on.
    pub record: Record,
    /// See [`Attachment::name`].
    pub name: String,
    /// See [`Attachment::description`].
    pub description: Option<String>,
    /// Its first version.
    pub content: StoredContent,
}

/// Changes to an attachment: `None` leaves a column as it is, `Some(None)` empties it.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = attachments, check_for_backend(diesel::pg::Pg))]
pub struct AttachmentChanges {
    /// See [`Attachment::name`].
    pub name: Option<String>,
    /// See [`Attachment::description`].
    pub description: Option<Option<String>>,
}

impl NewAttachment {
    /// Adds the attachment with its first version. Belongs into a transaction, which has checked that the record is there.
    pub async fn insert(&self, mut conn: &TenantConn) -> QueryResult<Attachment> {
        let content = &self.content;
        let attachment: Attachment = diesel::insert_into(attachments::table)
            .values((
                attachments::id.eq(Uuid::now_v7()),
                attachments::attachable_type.eq(self.record.kind),
                attachments::attachable_id.eq(self.record.id),
                attachments::name.eq(&self.name),
                attachments::description.eq(&self.description),
                attachments::version.eq(1),
                attachments::content_type.eq(&content.content_type),
                attachments::size.eq(content.size),
                attachments::sha256.eq(&content.sha256),
                attachments::created_by.eq(content.created_by),
            ))
            .returning(Attachment::as_returning())
            .get_result(&mut conn)
            .await?;
        content.insert(&attachment, conn).await?;
        Ok(attachment)
    }
}
