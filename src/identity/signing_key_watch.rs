//! The task that keeps a node's signing keys as they are in the database: read again when a change is announced, and every
//! minute, for an announcement may be lost.

use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::signing_key::SigningKeys;
use super::{Identity, IdentityError};
use crate::tenancy::{Changes, TenantPools};

/// How often the keys are read though no change is announced.
const POLL: Duration = Duration::from_mins(1);

/// The task, which ends when this is dropped.
#[derive(Debug)]
pub struct SigningKeyWatch(JoinHandle<()>);

impl SigningKeyWatch {
    /// Begins.
    pub fn start(identity: Arc<Identity>, pools: TenantPools, changes: Changes) -> Self {
        Self(tokio::spawn(async move {
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
        }))
    }
}

impl Drop for SigningKeyWatch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn load(pools: &TenantPools) -> Result<SigningKeys, IdentityError> {
    let lease = pools.platform().await?;
    let keys = SigningKeys::load(&lease).await?;
    lease.finish().await?;
    Ok(keys)
}
