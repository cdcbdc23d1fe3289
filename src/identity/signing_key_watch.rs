//! The task that keeps a node's signing keys as they are in the database: read again when a change is announced, and every
//! minute, for an announcement may be lost.

use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio::time::sleep;

use super::signing_key::SigningKeys;
use super::{Identity, IdentityError};
use crate::platform::Platform;
use crate::task::Task;
use crate::tenancy::TenantPools;

/// How often the keys are read though no change is announced.
const POLL: Duration = Duration::from_mins(1);

/// Begins.
pub fn start(identity: Arc<Identity>, platform: &Platform) -> Task {
    let (pools, changes) = (platform.pools.clone(), platform.changes.clone());
    Task::start(async move {
        loop {
            select! {
                () = changes.signing_keys() => {}
                () = sleep(POLL) => {}
            }
            match load(&pools).await {
                Ok(keys) => identity.tokens().replace(keys),
                Err(error) => {
                    tracing::error!(%error, "the signing keys cannot be read, those known before are used");
                }
            }
        }
    })
}

async fn load(pools: &TenantPools) -> Result<SigningKeys, IdentityError> {
    let lease = pools.platform().await?;
    let keys = SigningKeys::load(&lease).await?;
    lease.finish().await?;
    Ok(keys)
}
