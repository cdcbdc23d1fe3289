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

mod access_tokens;
mod act_as;
mod activity;
mod admins;
mod api_audit_logs;
mod api_keys;
mod attachments;
mod audit;
mod audit_export;
mod audit_logs;
mod auth;
mod authority;
mod bad_input;
mod bootstrap;
mod calendar;
mod carbon_summary;
mod cookies;
mod decisions;
mod documentation;
mod endings;
mod error_log;
mod events;
mod features;
mod fleet;
mod forged_tokens;
mod forgotten_passwords;
mod guarded_settings;
mod guesses;
mod idempotency;
mod import;
mod injection;
mod invitations;
mod isolation;
mod limits;
mod login_time;
mod new_passwords;
mod occurrences;
mod one_row;
mod operations;
mod outbox;
mod own_settings;
mod password_reset;
mod permissions;
mod plain;
mod platform_audit;
mod rates;
mod registration;
mod repeated_orders;
mod retention;
mod role_walk;
mod roles;
mod round_trips;
mod schemas;
mod service;
mod sessions;
mod settings;
mod signing_keys;
mod stopping;
mod suspension;
mod system_sessions;
mod system_users;
mod team_members;
mod teams;
mod tenants;
mod tools;
mod unreadable_rights;
mod user_lists;
mod user_permissions;
mod user_roles;
mod user_sessions;
mod users;
mod working_hours;
