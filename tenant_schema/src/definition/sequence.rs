//! Sequences: those of their own, and those behind identity columns.

use serde::{Deserialize, Serialize};

/// A sequence.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SequenceDefinition {
    /// Name of the sequence, unquoted and unqualified.
    pub name: String,
    /// Type of its values: `smallint`, `integer` or `bigint`.
    pub data_type: String,
    /// First value.
    pub start: i64,
    /// Distance between two values.
    pub increment: i64,
    /// Smallest value.
    pub minimum: i64,
    /// Largest value.
    pub maximum: i64,
    /// Values that a session takes at once.
    pub cache: i64,
    /// Whether it begins anew at its end.
    pub cycle: bool,
    /// The column that it is dropped with (`OWNED BY`); none for one of an identity column, whose owner is clear.
    pub owner: Option<SequenceOwner>,
    /// Its comment.
    pub comment: Option<String>,
}

/// The column that owns a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SequenceOwner {
    /// Name of the table.
    pub table: String,
    /// Name of the column.
    pub column: String,
}
