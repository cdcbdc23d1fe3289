//! What clients see when something fails beneath a request: a handler, a connection, the server, a schema that changes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and a handler that panics is one of them"
)]

mod connection;
mod deeds;
mod handler;
mod proxy;
mod restart;
mod schema;
mod twins;
mod words;
