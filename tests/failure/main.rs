//! What clients see when something fails beneath a request: a handler, a connection, the server, a schema that changes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod proxy;
