//! The two programs as a shell sees them: arguments, what they print where, exit codes, signals.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod admins;
mod attachments;
mod audit;
mod configuration;
mod differences;
mod examination;
mod help;
mod manual;
mod plans;
mod revocation;
mod rowhouse;
mod secrets;
mod serving;
mod shell;
mod tenants;
mod thirty_tables;
mod upgrades;
