//! Cutting audit logs: rows older than a tenant keeps them are removed from the beginning of its log.
//!
//! The tenant's role may not remove them, so it is done by the login role. What is removed is followed first, from where the log
//! was cut the last time: a log that is not whole is left as it is, for whoever looks into it. The place and the hash of the last
//! row that was removed are kept with the platform, and the chain is followed from there.

use chrono::{DateTime, Utc};
use connection::{PlatformConn, TenantConn};
use platform_schema::{AuditAnchor, AuditCut, PlatformChange, Tenant};
use serde_json::{Value, json};
use tenant_schema::settings::{AuditLog, ChainFault, ChainHead, Change, Origin};

use super::namespace::Namespace;
use super::order::Requester;
use super::{ProvisionError, Provisioner, off_its_path, on_its_path};

/// Rows that are removed in one transaction.
const BATCH: i64 = 10_000;

/// What the tenant's log calls itself.
const KIND: &str = "audit_log";

/// What one transaction removed.
struct Removed {
    rows: i64,
    is_all: bool,
}

impl Removed {
    const NOTHING: Self = Self {
        rows: 0,
        is_all: true,
    };
}

impl Provisioner {
    /// Removes the rows of a tenant's audit log that are older at `now` than it keeps them, and gives how many there were. Each
    /// ten thousand of them leave a row in the tenant's log and in the platform's.
    ///
    /// # Errors
    /// A failure of the database; within, where the log is not whole: nothing is removed from there on.
    pub async fn cut_audit_log(
        &self,
        tenant: &Tenant,
        now: DateTime<Utc>,
        requester: &Requester,
    ) -> Result<Result<i64, ChainFault>, ProvisionError> {
        let mut rows = 0;
        loop {
            let removed = match self.cut_batch(tenant, now, requester).await? {
                Ok(removed) => removed,
                Err(fault) => return Ok(Err(fault)),
            };
            rows += removed.rows;
            if removed.is_all {
                return Ok(Ok(rows));
            }
        }
    }

    /// An early return drops the connection, and with it the transaction.
    async fn cut_batch(
        &self,
        tenant: &Tenant,
        now: DateTime<Utc>,
        requester: &Requester,
    ) -> Result<Result<Removed, ChainFault>, ProvisionError> {
        let mut conn = self.connector.connect().await?;
        conn.begin().await?;
        let cut = AuditCut::hold(&tenant.id, &mut conn).await?;
        let seen = AuditAnchor::find(&tenant.id, &conn).await?;
        let seen = seen.map(|AuditAnchor { position, hash, .. }| ChainHead { position, hash });
        let schema = Namespace::from(&tenant.schema_name);
        conn.batch(&schema.set_local_path()).await?;
        let mut conn = on_its_path(conn);
        let begin = ChainHead {
            position: cut.position,
            hash: cut.hash,
        };
        let Some(old) = outlived(now, &conn)
            .await?
            .filter(|old| *old > begin.position)
        else {
            return Ok(Ok(Removed::NOTHING));
        };
        let up_to = old.min(begin.position + BATCH);
        let head = match begin.walk_to(up_to, seen.as_ref(), &conn).await? {
            Ok(head) => head,
            Err(fault) => return Ok(Err(fault)),
        };
        let rows = head.position - begin.position;
        let what = json!({ "rows": rows, "up_to": head.position });
        AuditLog::remove_up_to(head.position, &mut conn).await?;
        record(&what, &mut conn).await?;
        let conn = off_its_path(conn);
        finish(tenant, head, what, requester, conn).await?;
        Ok(Ok(Removed {
            rows,
            is_all: up_to == old,
        }))
    }
}

/// The last place of the rows that are older than the tenant keeps them.
async fn outlived(now: DateTime<Utc>, conn: &TenantConn) -> Result<Option<i64>, ProvisionError> {
    let Some(limit) = AuditLog::retention(conn).await? else {
        return Ok(None);
    };
    match now.checked_sub_signed(limit) {
        Some(limit) => Ok(AuditLog::last_before(limit, conn).await?),
        None => Ok(None),
    }
}

/// Records in the tenant's own log that it was cut.
async fn record(what: &Value, conn: &mut TenantConn) -> Result<(), ProvisionError> {
    let done = vec![("audit.cut", Change::about(KIND, None, what.clone()))];
    Ok(Origin::nobody().record(done, conn).await?)
}

async fn finish(
    tenant: &Tenant,
    head: ChainHead,
    what: Value,
    requester: &Requester,
    mut conn: PlatformConn,
) -> Result<(), ProvisionError> {
    let cut = AuditCut {
        tenant_id: tenant.id.clone(),
        position: head.position,
        hash: head.hash,
    };
    cut.keep(&conn).await?;
    let change = PlatformChange::of("tenant", &tenant.id).after(what);
    requester
        .record("tenant.cut_audit_log", change, &conn)
        .await?;
    Ok(conn.commit().await?)
}
