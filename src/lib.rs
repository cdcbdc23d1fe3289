//! stub

pub mod database;
