//! Rowhouse: a schema-per-tenant platform on PostgreSQL, with a tenant provisioning engine.

pub mod api_audit_log;
pub mod attachments;
pub mod calendar;
pub mod cli;
pub mod config;
pub mod database;
pub mod demo;
pub mod error;
pub mod http;
pub mod identity;
pub mod mail;
pub mod pepper;
pub mod platform;
pub mod provisioner;
pub mod rate;
pub mod resource;
pub mod retention;
pub mod routes;
pub mod server;
pub mod settings;
pub mod store;
pub mod task;
pub mod tenancy;
