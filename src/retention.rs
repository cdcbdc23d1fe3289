//! The task that removes what tenants keep no longer: once a day, the rows of their audit logs and of their logs of
//! calls that are older than they say.
//!
//! Every node has one. Two that come to a tenant at once take turns, and the second finds nothing to do.

use std::time::Duration;

use chrono::Utc;
use platform_schema::{Tenant, TenantFilter, TenantSortKey, TenantStatus};
use tokio::time::sleep;

use crate::error::ApiError;
use crate::platform::Platform;
use crate::provisioner::Provisioner;
use crate::provisioner::order::Requester;
use crate::task::Task;
use crate::tenancy::TenantPools;

/// Pause before the first time: a server that has just started has better things to do.
const FIRST: Duration = Duration::from_mins(10);

/// Pause between two times.
const PAUSE: Duration = Duration::from_hours(24);

/// Tenants that are read at once.
const PAGE: i64 = 100;

/// Begins.
pub fn start(platform: &Platform) -> Task {
    let (pools, provisioner) = (platform.pools.clone(), platform.provisioner.clone());
    Task::start(async move {
        sleep(FIRST).await;
        loop {
            if let Err(error) = cut_all(&pools, &provisioner).await {
                let code = error.code().as_str();
                tracing::warn!(code, "the audit logs were not all cut");
            }
            sleep(PAUSE).await;
        }
    })
}

/// Goes through the active tenants. One that fails is no reason to leave out the others.
async fn cut_all(pools: &TenantPools, provisioner: &Provisioner) -> Result<(), ApiError> {
    let filter = TenantFilter {
        search: None,
        status: Some(TenantStatus::Active),
    };
    let mut offset = 0;
    loop {
        let lease = pools.platform().await?;
        let tenants = Tenant::list(&filter, TenantSortKey::CreatedAt, PAGE, offset, &lease).await?;
        lease.finish().await?;
        for tenant in &tenants {
            cut(tenant, provisioner).await;
        }
        if tenants.is_empty() {
            return Ok(());
        }
        offset += PAGE;
    }
}

async fn cut(tenant: &Tenant, provisioner: &Provisioner) {
    let requester = Requester {
        channel: "server",
        ..Requester::default()
    };
    let done = provisioner.cut_audit_log(tenant, Utc::now(), &requester);
    match done.await {
        Ok(Ok(0)) => {}
        Ok(Ok(rows)) => tracing::info!(tenant.id = %tenant.id, rows, "an audit log was cut"),
        Ok(Err(fault)) => {
            tracing::error!(tenant.id = %tenant.id, %fault, "an audit log is not whole, and was not cut");
        }
        Err(error) => tracing::warn!(tenant.id = %tenant.id, %error, "an audit log was not cut"),
    }
    match provisioner.cut_api_audit_log(tenant, Utc::now()).await {
        Ok(0) => {}
        Ok(rows) => tracing::info!(tenant.id = %tenant.id, rows, "a log of calls was cut"),
        Err(error) => tracing::warn!(tenant.id = %tenant.id, %error, "a log of calls was not cut"),
    }
}
