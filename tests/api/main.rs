//! The whole application from outside: a running platform with two tenants for each test, on a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should panic"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "planted injections run on a tenant's own lease"
)]

mod api_keys;
mod audit;
mod auth;
mod bad_input;
mod bootstrap;
mod documentation;
mod endings;
mod fleet;
mod guesses;
mod injection;
mod isolation;
mod limits;
mod operations;
mod outbox;
mod permissions;
mod rates;
mod round_trips;
mod schemas;
mod service;
mod sessions;
mod stopping;
mod suspension;
mod tenants;
mod users;
mod working_hours;
