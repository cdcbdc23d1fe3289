//! Attachments beyond their rows: what comes into the store of contents and out of it, and what is left over there.
//!
//! A content is written first, under a name that nobody can guess; the row that names it comes after, in its own transaction.
//! So a row always has its content, and a content without a row is what a sweep removes.

pub mod delivery;
mod failures;
pub mod file_name;
pub mod form;
pub mod link_holder;
pub mod range;
pub mod sweep;
pub mod sweep_job;
pub mod upload;

pub use file_name::FileName;
