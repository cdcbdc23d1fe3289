//! The embedded PostgreSQL server: what it keeps, what it survives, and what it says when it cannot run.
//!
//! Every test has a server of its own in a directory of its own, and leaves neither behind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod refusals;
mod scratch;
mod server;
