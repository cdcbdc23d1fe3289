//! What a schema is made of, as plain data: tables here, their parts in the files below.
//!
//! Models produce these values through `#[derive(TenantModel)]`, the provisioner reads them back from PostgreSQL's catalog,
//! compares them and renders them as DDL. Nothing here knows a connection or a schema's name.

mod column;
mod constraint;
mod enum_type;
mod index;
mod sequence;

pub use column::{ColumnDefinition, Identity, IdentityDefinition};
pub use constraint::{
    CheckDefinition, Deferrable, ForeignKeyDefinition, KeyDefinition, ReferentialAction,
};
pub use enum_type::EnumDefinition;
pub use index::IndexDefinition;
pub use sequence::{SequenceDefinition, SequenceOwner};

use serde::{Deserialize, Serialize};

/// The structure of one schema.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SchemaDefinition {
    /// Enum types, by name.
    pub enums: Vec<EnumDefinition>,
    /// Sequences that no identity column owns, by name.
    pub sequences: Vec<SequenceDefinition>,
    /// Tables, by name.
    pub tables: Vec<TableDefinition>,
}

/// One table of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableDefinition {
    /// Name of the table, unquoted and unqualified.
    pub name: String,
    /// The name the table had before, when it was renamed.
    pub was: Option<String>,
    /// The model's doc comment.
    pub comment: Option<String>,
    /// Rows may be read and added, never changed or removed, by the tenant's role.
    pub append_only: bool,
    /// Whether a crash of the server empties the table.
    pub unlogged: bool,
    /// Storage parameters as `name=value`, by name.
    pub options: Vec<String>,
    /// Columns in the order of the model's fields.
    pub columns: Vec<ColumnDefinition>,
    /// The primary key, if it has one.
    pub primary_key: Option<KeyDefinition>,
    /// Plain unique constraints. Partial and expression ones are unique indexes.
    pub uniques: Vec<KeyDefinition>,
    /// Indexes that no constraint owns.
    pub indexes: Vec<IndexDefinition>,
    /// Check constraints.
    pub checks: Vec<CheckDefinition>,
    /// Foreign keys.
    pub foreign_keys: Vec<ForeignKeyDefinition>,
}

impl SchemaDefinition {
    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&TableDefinition> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl TableDefinition {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnDefinition> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The primary key, if there is one, and the unique constraints.
    pub fn keys(&self) -> impl Iterator<Item = &KeyDefinition> {
        self.primary_key.iter().chain(&self.uniques)
    }
}
