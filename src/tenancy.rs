//! From a request to a lease: which tenant is meant, whether it is served, and a connection bound to it.

pub mod binding;
pub mod changes;
pub mod coherent_cache;
pub mod ledger;
pub mod news;
pub mod pools;
pub mod rate;
pub mod registry;

pub use changes::Changes;
pub use ledger::{Ledger, SettleError};
pub use news::News;
pub use pools::{Lease, PlatformLease, PoolError, TenantPools};
pub use rate::{RateLimited, TenantRates};
pub use registry::{ResolveError, ServedTenant, TenantRegistry};
