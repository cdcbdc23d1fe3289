//! Anchors: what was last seen of a tenant's audit log, kept where the tenant's role cannot reach.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::schema::audit_anchors;
use crate::{PlatformConn, TenantId};

/// The last row of a tenant's audit log when it was last found whole.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery, Identifiable, Insertable, AsChangeset)]
#[diesel(table_name = audit_anchors, primary_key(tenant_id), check_for_backend(Pg))]
pub struct AuditAnchor {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Place of the row: how many rows there were.
    pub position: i64,
    /// Hash of the row.
    pub hash: Vec<u8>,
}

impl AuditAnchor {
    /// What was last seen of the tenant's log, if it ever was.
    pub async fn find(tenant: &TenantId, mut conn: &PlatformConn) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(audit_anchors::tenant_id.eq(tenant))
            .first(&mut conn)
            .await
            .optional()
    }

    /// Keeps what is seen now in place of what was seen before.
    pub async fn keep(&self, mut conn: &PlatformConn) -> QueryResult<()> {
        diesel::insert_into(audit_anchors::table)
            .values(self)
            .on_conflict(audit_anchors::tenant_id)
            .do_update()
            .set((self, audit_anchors::verified_at.eq(diesel::dsl::now)))
            .execute(&mut conn)
            .await
            .map(drop)
    }
}
