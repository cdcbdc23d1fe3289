//! The HTTP shell from outside: headers, problem documents and log events around toy endpoints.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should panic, and one endpoint has to"
)]

mod log;
mod problems;
mod shell;
mod toy;
mod wire;
