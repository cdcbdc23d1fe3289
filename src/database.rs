//! Where PostgreSQL comes from.

pub mod embedded;
