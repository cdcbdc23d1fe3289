//! What a physical connection is bound to, and the one message that binds it.

use platform_schema::{SchemaName, TenantId};

use crate::config::Isolation;

/// What a physical connection is bound to at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// The login role, with an empty path.
    Platform,
    /// One tenant's role and schema.
    Tenant(TenantId),
}

impl Binding {
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
}
