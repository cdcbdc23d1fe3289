//! Cuts: where a tenant's audit log begins since its oldest rows were removed, kept where the tenant's role cannot reach.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::schema::audit_cuts;
use crate::{PlatformConn, TenantId};

/// The last row that was removed from a tenant's audit log.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery, Identifiable, Insertable, AsChangeset)]
#[diesel(table_name = audit_cuts, primary_key(tenant_id), check_for_backend(Pg))]
pub struct AuditCut {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Place of the row: how many rows were removed; 0 before any was.
    pub position: i64,
    /// Hash of the row; empty before any was removed.
    pub hash: Vec<u8>,
}

impl AuditCut {
    /// Where the tenant's log was cut, if it was.
    pub async fn find(tenant: &TenantId, mut conn: &PlatformConn) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(audit_cuts::tenant_id.eq(tenant))
            .first(&mut conn)
            .await
            .optional()
    }

    /// Where the tenant's log is cut, which nobody else changes until the transaction ends.
    pub async fn hold(tenant: &TenantId, conn: &mut PlatformConn) -> QueryResult<Self> {
        let mut shared: &PlatformConn = conn;
        let none = Self {
            tenant_id: tenant.clone(),
            position: 0,
            hash: Vec::new(),
        };
        diesel::insert_into(audit_cuts::table)
            .values(&none)
            .on_conflict_do_nothing()
            .execute(&mut shared)
            .await?;
        audit_cuts::table
            .filter(audit_cuts::tenant_id.eq(tenant))
            .select(Self::as_select())
            .for_update()
            .first(&mut shared)
            .await
    }

    /// Keeps where the log is cut now.
    pub async fn keep(&self, mut conn: &PlatformConn) -> QueryResult<()> {
        diesel::update(self)
            .set((self, audit_cuts::cut_at.eq(diesel::dsl::now)))
            .execute(&mut conn)
            .await
            .map(drop)
    }
}
