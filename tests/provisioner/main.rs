//! The provisioner on a real PostgreSQL: tenants are whole or absent, alike, apart from each other, and can be repaired.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apply;
mod backfills;
mod bootstrap;
mod create;
mod identifiers;
mod initialize;
mod introspection;
mod keys;
mod kill;
mod login_roles;
mod migrations;
mod reference;
mod rights;
mod speed;
mod upgrade;
