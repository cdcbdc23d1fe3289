//! Constraints: primary keys and uniques, checks, foreign keys.

use serde::{Deserialize, Serialize};

/// A primary key or a unique constraint over plain columns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyDefinition {
    /// Name of the constraint and of its index.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// Columns carried along in its index without being part of the key.
    pub include: Vec<String>,
    /// Whether two NULLs count as equal.
    pub nulls_not_distinct: bool,
    /// When it is checked.
    pub deferrable: Deferrable,
    /// Storage parameters of its index as `name=value`, by name.
    pub options: Vec<String>,
    /// Its comment.
    pub comment: Option<String>,
}

/// A check constraint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckDefinition {
    /// Name of the constraint.
    pub name: String,
    /// SQL condition, without the surrounding parentheses.
    pub expression: String,
    /// Whether tables that inherit are spared.
    pub no_inherit: bool,
    /// Whether rows from before the constraint were never checked.
    pub not_valid: bool,
    /// Its comment.
    pub comment: Option<String>,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForeignKeyDefinition {
    /// Name of the constraint.
    pub name: String,
    /// Referencing columns, in order.
    pub columns: Vec<String>,
    /// Schema of the referenced table where it is another one, which no tenant's key should have.
    pub references_schema: Option<String>,
    /// Referenced table.
    pub references_table: String,
    /// Referenced columns, in order.
    pub references_columns: Vec<String>,
    /// What happens to this row when the referenced one is deleted.
    pub on_delete: ReferentialAction,
    /// What happens to this row when the referenced key changes.
    pub on_update: ReferentialAction,
    /// The columns that `SET NULL` or `SET DEFAULT` on delete touches; none for all of them.
    pub set_columns: Vec<String>,
    /// `MATCH FULL`: the columns are all NULL or none is.
    pub match_full: bool,
    /// When the reference is checked.
    pub deferrable: Deferrable,
    /// Whether rows from before the constraint were never checked.
    pub not_valid: bool,
    /// Its comment.
    pub comment: Option<String>,
}

/// What a foreign key does to its own row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferentialAction {
    /// Refuse at the end of the statement or transaction.
    #[default]
    NoAction,
    /// Refuse at once.
    Restrict,
    /// Follow.
    Cascade,
    /// Set the referencing columns to NULL.
    SetNull,
    /// Set the referencing columns to their defaults.
    SetDefault,
}

/// When a constraint is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deferrable {
    /// At the end of each statement, always.
    #[default]
    No,
    /// At the end of each statement, unless the transaction defers it.
    InitiallyImmediate,
    /// At the end of the transaction.
    InitiallyDeferred,
}
