//! From a request to a lease: which tenant is meant, whether it is served, and a connection bound to it.

pub mod binding;
pub mod pools;
pub mod registry;

pub use pools::{Lease, PlatformLease, PoolError, TenantPools};
pub use registry::{ResolveError, TenantRegistry};
