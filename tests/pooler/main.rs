//! A real PgBouncer between the platform and PostgreSQL: what leaks without care, and that nothing does with it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "leases are what these tests are about"
)]

mod http;
mod leases;
mod login_roles;
mod naive;
mod prepared;
mod probe;
mod site;
mod traffic;
