//! A real PgBouncer between the platform and PostgreSQL: what leaks without care, and that nothing does with it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod naive;
mod probe;
mod twins;
