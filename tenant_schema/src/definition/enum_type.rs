//! Enum types.

use serde::{Deserialize, Serialize};

/// An enum type of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnumDefinition {
    /// Name of the type, unquoted and unqualified.
    pub name: String,
    /// Labels in sort order.
    pub labels: Vec<String>,
    /// Its comment.
    pub comment: Option<String>,
}
