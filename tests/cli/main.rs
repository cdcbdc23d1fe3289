//! The two programs as a shell sees them: arguments, what they print where, exit codes, signals.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admins;
mod audit;
mod configuration;
mod differences;
mod examination;
mod help;
mod manual;
mod plans;
mod revocation;
mod rowhouse;
mod serving;
mod shell;
mod tenants;
mod thirty_tables;
mod upgrades;
