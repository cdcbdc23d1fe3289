//! What a physical connection is bound to, and the one message that binds it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use platform_schema::{SchemaName, TenantId};

use crate::config::Isolation;

/// What a physical connection is bound to at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Binding {
    /// The login role, with an empty path.
    Platform,
    /// One tenant's role and schema.
    Tenant(TenantId),
}

impl Binding {
    /// The same for the same binding in the whole process.
    pub(super) fn hashed(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// The message that binds a connection, whatever it was bound to before.
    ///
    /// A role that is set replaces the one before it, since PostgreSQL checks the right to a role against the login role
    /// (manual, `SET ROLE`).
    pub fn message(&self, isolation: Isolation) -> String {
        match (self, isolation) {
            (Self::Platform, Isolation::Role) => "RESET ROLE; SET search_path = ''".to_owned(),
            (Self::Platform, Isolation::Path) => "SET search_path = ''".to_owned(),
            (Self::Tenant(id), Isolation::Role) => {
                let name = SchemaName::of(id).quoted();
                format!("SET ROLE {name}; SET search_path = {name}")
            }
            (Self::Tenant(id), Isolation::Path) => {
                format!("SET search_path = {}", SchemaName::of(id).quoted())
            }
        }
    }

    /// The message that begins a transaction bound in this way, whatever session a pooler lends to it.
    ///
    /// All of it is over with the transaction, and nothing of it is taken from the session, where others may have set
    /// something: neither the role of the platform, nor what a connection of our own is told once. The time zone is what
    /// Diesel sets on those.
    pub fn opening(&self, isolation: Isolation, statement_timeout: Duration) -> String {
        let role = match (self, isolation) {
            (Self::Platform, Isolation::Role) => "SET LOCAL ROLE NONE; ".to_owned(),
            (Self::Tenant(id), Isolation::Role) => {
                format!("SET LOCAL ROLE {}; ", SchemaName::of(id).quoted())
            }
            (_, Isolation::Path) => String::new(),
        };
        let path = match self {
            Self::Platform => "''".to_owned(),
            Self::Tenant(id) => SchemaName::of(id).quoted(),
        };
        let timeout = timeout_millis(statement_timeout);
        format!(
            "BEGIN; {role}SET LOCAL search_path = {path}; SET LOCAL statement_timeout = {timeout}; SET LOCAL jit = off; SET LOCAL TIME ZONE 'UTC'"
        )
    }
}

/// A time limit as PostgreSQL takes it: 0 would be no limit, and `i32::MAX` is the most (manual, `statement_timeout`).
pub fn timeout_millis(limit: Duration) -> i32 {
    i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1)
}
