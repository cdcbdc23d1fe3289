//! The proof of the schema engine: transitions written by hand and made at random, each judged by PostgreSQL's own `pg_dump`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod corpus;
mod dump;
mod executor;
mod expectation;
mod judge;
mod judged;
mod kill;
mod load;
mod random;
mod rows;
mod site;
