//! Indexes that no constraint owns.

use serde::{Deserialize, Serialize};

/// An index that no constraint owns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IndexDefinition {
    /// Name of the index.
    pub name: String,
    /// Access method: `btree`, `hash`, `gin`, `gist`, `spgist` or `brin`.
    pub method: String,
    /// Whether the index enforces uniqueness.
    pub unique: bool,
    /// Each key as DDL spells it: a quoted column or a parenthesised expression, with operator class and order.
    pub keys: Vec<String>,
    /// Columns carried along without being keys.
    pub include: Vec<String>,
    /// SQL condition of a partial index.
    pub predicate: Option<String>,
    /// Whether two NULLs count as equal in a unique index.
    pub nulls_not_distinct: bool,
    /// Storage parameters as `name=value`, by name.
    pub options: Vec<String>,
    /// Whether a concurrent build failed and left it unusable.
    pub invalid: bool,
    /// Its comment.
    pub comment: Option<String>,
}
