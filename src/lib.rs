//! stub

pub mod error;
pub mod http;
pub mod resource;
