//! Diesel models and queries of the platform schema `shared`.

pub use connection::PlatformConn;
