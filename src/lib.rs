//! stub

pub mod identity;
