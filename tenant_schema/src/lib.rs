//! The models of one tenant's schema, one file per noun, and the definition types they produce.

#![expect(
    clippy::duplicated_attributes,
    reason = "two indexes of a model may have the same condition, and the lint takes the second for a slip"
)]

// The derives write paths as other crates see them.
extern crate self as tenant_schema;

pub mod backfill;
pub mod catalog;
mod clock;
mod ddl_type;
pub mod definition;
pub mod identity;
mod model;
pub mod record;
pub mod resource;
pub mod seeds;
pub mod settings;
mod soft_deletion;
mod sorted_list;
pub mod tools;

pub use connection::TenantConn;
pub use ddl_type::DdlType;
pub use model::{TenantEnum, TenantModel, UnknownLabel};
pub use tenant_schema_derive::{Resource, TenantEnum, TenantModel};
