//! The task that writes the log of calls.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use connection::PlatformConn;
use platform_schema::TenantId;
use tenant_schema::settings::ApiAuditLog;
use tokio::select;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::wishes::Wishes;
use super::{Call, redaction};
use crate::platform::Platform;
use crate::provisioner::ProvisionError;
use crate::task::StoppableTask;
use crate::tenancy::{PoolError, ServedTenant, SettleError};

/// Calls that are written at once.
const BATCH: usize = 200;

/// What writes calls. It does not keep the platform open.
#[derive(Debug)]
pub(super) struct Recorder {
    platform: Weak<Platform>,
    wishes: Wishes,
    dropped: Arc<AtomicU64>,
}

/// Why calls were not written.
#[derive(Debug, thiserror::Error)]
enum RecordError {
    #[error(transparent)]
    Wish(#[from] ProvisionError),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    #[error(transparent)]
    Settle(#[from] SettleError),
}

impl Recorder {
    pub(super) fn new(platform: &Arc<Platform>, wishes: Wishes, dropped: Arc<AtomicU64>) -> Self {
        Self {
            platform: Arc::downgrade(platform),
            wishes,
            dropped,
        }
    }

    /// Begins. A task that is asked to stop ends when everything is written.
    pub(super) fn start(self, mut calls: mpsc::Receiver<Call>) -> StoppableTask {
        StoppableTask::start(|mut stopped| async move {
            let mut is_stopping = false;
            // Of its own, so that no tenant has one less while its wish is asked for.
            let mut conn = None;
            loop {
                let mut batch = Vec::new();
                select! {
                    biased;
                    taken = calls.recv_many(&mut batch, BATCH) => if taken == 0 {
                        return;
                    },
                    _ = stopped.wait_for(|stopped| *stopped), if !is_stopping => {
                        // What is in the queue is taken still, and nothing more comes in.
                        is_stopping = true;
                        calls.close();
                    }
                }
                self.record(batch, &mut conn).await;
            }
        })
    }

    async fn record(&self, calls: Vec<Call>, conn: &mut Option<PlatformConn>) {
        let mut of_tenants: HashMap<TenantId, (Arc<ServedTenant>, Vec<Call>)> = HashMap::new();
        for call in calls {
            let of_tenant = of_tenants.entry(call.tenant.id.clone());
            let (_, calls) = of_tenant.or_insert_with(|| (Arc::clone(&call.tenant), Vec::new()));
            calls.push(call);
        }
        for (tenant, calls) in of_tenants.into_values() {
            let count = calls.len();
            if let Err(error) = self.record_of(&tenant, calls, conn).await {
                tracing::warn!(tenant.id = %tenant.id, count, %error, "calls were not logged");
            }
        }
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(dropped, "more calls than could be logged");
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the server logs for every tenant that asks for it"
    )]
    async fn record_of(
        &self,
        tenant: &ServedTenant,
        calls: Vec<Call>,
        conn: &mut Option<PlatformConn>,
    ) -> Result<(), RecordError> {
        let Some(platform) = self.platform.upgrade() else {
            return Ok(());
        };
        let moment = self.wishes.moment(&tenant.id);
        let provisioner = &platform.provisioner;
        let asked = provisioner.calls_wanted_since(tenant, conn.take());
        let (wanted_since, given_back) = asked.await?;
        *conn = Some(given_back);
        self.wishes
            .remember(&tenant.id, wanted_since.is_some(), moment);
        // Some may have waited here since before the setting was turned on.
        let calls = calls.into_iter();
        let calls = calls.filter(|call| wanted_since.is_some_and(|since| call.at >= since));
        let rows: Vec<ApiAuditLog> = calls.map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let lease = platform
            .pools
            .lease_within(&tenant.id, &tenant.limits)
            .await?;
        ApiAuditLog::insert_all(&rows, &lease).await?;
        Ok(lease.finish().await?)
    }
}

fn row(call: Call) -> ApiAuditLog {
    ApiAuditLog {
        id: Uuid::now_v7(),
        request_body: call
            .request
            .map(|body| redaction::request(&call.path, body)),
        response_body: call.answer.as_ref().and_then(redaction::answer),
        method: call.method,
        path: call.path,
        status: call.status.into(),
        duration_us: i64::try_from(call.duration.as_micros()).unwrap_or(i64::MAX),
        user_id: call.user,
        ip: call.ip,
        request_id: Some(call.request_id),
        created_at: call.at,
    }
}
