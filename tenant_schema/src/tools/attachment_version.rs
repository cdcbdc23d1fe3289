//! Versions of attachments: each names the object that has its content, and what is known of that.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::dsl::sum;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Numeric, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::attachment::{Attachment, attachments};
use crate::TenantModel;
use crate::identity::user::users;

/// What tells the locks of storage from other advisory locks.
const LOCK_SEED: i64 = 0x0073_746f_7265;

#[diesel::declare_sql_function]
extern "SQL" {
    /// Holds an advisory lock until the transaction ends (manual, 9.27.10). What it gives back is void.
    fn pg_advisory_xact_lock(key: BigInt) -> Text;
    /// A 64-bit hash of a text.
    fn hashtextextended(text: Text, seed: BigInt) -> BigInt;
    /// The schema that comes first on the path: the tenant's.
    fn current_schema() -> Text;
    /// The number as one of 64 bits.
    fn int8(number: Nullable<Numeric>) -> Nullable<BigInt>;
}

/// One version of an attachment. It never changes.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = attachment_versions, check_for_backend(diesel::pg::Pg))]
#[model(unique(attachment_id, number))]
pub struct AttachmentVersion {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// The attachment.
    #[column(references = "attachments(id) on delete cascade")]
    pub attachment_id: Uuid,
    /// Place among the versions of the attachment, from 1 and without gaps.
    #[column(check = "number > 0")]
    pub number: i32,
    /// The object that has the content: a random name below the tenant's own.
    #[column(unique)]
    pub object_id: Uuid,
    /// Media type.
    pub content_type: String,
    /// Bytes.
    #[column(check = "size >= 0")]
    pub size: i64,
    /// SHA-256 of the content.
    #[column(check = "octet_length(sha256) = 32")]
    pub sha256: Vec<u8>,
    /// Who uploaded it.
    #[column(references = "users(id) on delete set null")]
    pub created_by: Option<Uuid>,
    /// When it was uploaded.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
}

/// A content that is stored as an object, and that no row names yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredContent {
    /// See [`AttachmentVersion::object_id`].
    pub object_id: Uuid,
    /// See [`AttachmentVersion::content_type`].
    pub content_type: String,
    /// See [`AttachmentVersion::size`].
    pub size: i64,
    /// See [`AttachmentVersion::sha256`].
    pub sha256: Vec<u8>,
    /// See [`AttachmentVersion::created_by`].
    pub created_by: Option<Uuid>,
}

impl StoredContent {
    /// Adds the content as the newest version of an attachment that says so already.
    pub(super) async fn insert(
        &self,
        attachment: &Attachment,
        mut conn: &TenantConn,
    ) -> QueryResult<()> {
        diesel::insert_into(attachment_versions::table)
            .values((
                attachment_versions::id.eq(Uuid::now_v7()),
                attachment_versions::attachment_id.eq(attachment.id),
                attachment_versions::number.eq(attachment.version),
                attachment_versions::object_id.eq(self.object_id),
                attachment_versions::content_type.eq(&self.content_type),
                attachment_versions::size.eq(self.size),
                attachment_versions::sha256.eq(&self.sha256),
                attachment_versions::created_by.eq(self.created_by),
            ))
            .execute(&mut conn)
            .await
            .map(drop)
    }
}

impl AttachmentVersion {
    /// Bytes of all versions, those of deleted attachments included. Nobody else who asks is answered until the transaction
    /// ends: who adds a version asks first, and so what is added by several at once is counted exactly.
    pub async fn hold_usage(conn: &mut TenantConn) -> QueryResult<i64> {
        let mut shared: &TenantConn = conn;
        let key = hashtextextended(current_schema(), LOCK_SEED);
        diesel::select(pg_advisory_xact_lock(key))
            .execute(&mut shared)
            .await?;
        // A statement of its own: it sees what was committed while the lock was waited for.
        Self::usage(conn).await
    }

    /// Bytes of all versions, those of deleted attachments included, as of now.
    pub async fn usage(mut conn: &TenantConn) -> QueryResult<i64> {
        let bytes: Option<i64> = attachment_versions::table
            .select(int8(sum(attachment_versions::size)))
            .get_result(&mut conn)
            .await?;
        Ok(bytes.unwrap_or_default())
    }

    /// A version of an attachment by its number.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn find(attachment: Uuid, number: i32, mut conn: &TenantConn) -> QueryResult<Self> {
        attachment_versions::table
            .filter(attachment_versions::attachment_id.eq(attachment))
            .filter(attachment_versions::number.eq(number))
            .select(Self::as_select())
            .first(&mut conn)
            .await
    }

    /// A version and its attachment, not deleted.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn find_with_attachment(
        id: Uuid,
        mut conn: &TenantConn,
    ) -> QueryResult<(Self, Attachment)> {
        attachment_versions::table
            .inner_join(
                attachments::table.on(attachments::id.eq(attachment_versions::attachment_id)),
            )
            .filter(attachment_versions::id.eq(id))
            .filter(attachments::deleted_at.is_null())
            .select((Self::as_select(), Attachment::as_select()))
            .first(&mut conn)
            .await
    }

    /// At most `limit` versions of an attachment after the first `offset`, the newest first.
    pub async fn list(
        attachment: Uuid,
        limit: i64,
        offset: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        attachment_versions::table
            .filter(attachment_versions::attachment_id.eq(attachment))
            .order(attachment_versions::number.desc())
            .select(Self::as_select())
            .limit(limit)
            .offset(offset)
            .load(&mut conn)
            .await
    }

    /// How many versions an attachment has.
    pub async fn count(attachment: Uuid, mut conn: &TenantConn) -> QueryResult<i64> {
        attachment_versions::table
            .filter(attachment_versions::attachment_id.eq(attachment))
            .count()
            .get_result(&mut conn)
            .await
    }

    /// Which of these objects a version names.
    pub async fn named(objects: &[Uuid], mut conn: &TenantConn) -> QueryResult<Vec<Uuid>> {
        attachment_versions::table
            .filter(attachment_versions::object_id.eq_any(objects))
            .select(attachment_versions::object_id)
            .load(&mut conn)
            .await
    }
}
