//! The models of one tenant's schema, one file per noun, and the definition types they produce.

pub mod definition;

pub use connection::TenantConn;
