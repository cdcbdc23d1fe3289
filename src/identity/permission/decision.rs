//! The answer to whether a user may do something, with its reason.

use chrono::{DateTime, Utc};

/// Whether a user may do something, and by virtue of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// The user may.
    Allowed(Grant<'a>),
    /// The user may not.
    Denied(Denial<'a>),
}

/// By virtue of what a user may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant<'a> {
    /// A grant to the user.
    Direct {
        /// What was granted: the permission or a wildcard.
        granted: &'a str,
        /// When the grant ends by itself, if so.
        until: Option<DateTime<Utc>>,
    },
    /// A grant to a role of the user.
    Role {
        /// The role, the first by name when several grant it.
        role: &'a str,
        /// What was granted: the permission or a wildcard.
        granted: &'a str,
    },
}

/// Why a user may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial<'a> {
    /// It was denied to the user.
    Explicit {
        /// What was denied: the permission or a wildcard.
        denied: &'a str,
        /// When the denial ends by itself, if so.
        until: Option<DateTime<Utc>>,
    },
    /// Nothing grants it.
    NotGranted,
    /// The scopes of the caller's API key do not cover it.
    OutOfScope,
    /// There is no such permission.
    Unknown,
}

impl Decision<'_> {
    /// Whether the user may.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}
