//! Who is calling and what they may do: passwords, tokens, keys and the permission decision.
//!
//! Nothing here knows HTTP.

pub mod bootstrap;
pub mod password;
pub mod permission;
pub mod refresh_token;
pub mod signing_key;
pub mod token;
