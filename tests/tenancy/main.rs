//! Tenancy on a real PostgreSQL: what a lease is bound to, when a connection is never lent again, and who is served.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "leases are what these tests are about"
)]

mod changes;
mod dirty;
mod growth;
mod interleavings;
mod leases;
mod limits;
mod login_roles;
mod recycling;
mod registry;
mod regulars;
mod session;
mod settings;
mod shares;
