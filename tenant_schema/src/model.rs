//! What the derives implement: a struct that defines a table, an enum that defines the labels of a text column.

use std::fmt;

use crate::definition::TableDefinition;

/// A Rust struct that is the one definition of a tenant table. Derived: see [`tenant_schema_derive::TenantModel`].
pub trait TenantModel {
    /// The table as data.
    fn definition() -> TableDefinition;
}

/// A fieldless Rust enum kept in a text column. Derived: see [`tenant_schema_derive::TenantEnum`].
///
/// The column is checked text and no PostgreSQL enum: an enum type is another type in each tenant's schema, and a prepared
/// statement that a connection takes from tenant to tenant may change neither its result types nor those of its parameters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no labels to store",
    note = "`#[column(enum)]` is for enums that derive `TenantEnum`"
)]
pub trait TenantEnum: Sized + 'static {
    /// The labels, in the order of the variants.
    const LABELS: &'static [&'static str];

    /// The label of this variant.
    fn label(&self) -> &'static str;

    /// The variant of a label, if it is one.
    fn of_label(label: &str) -> Option<Self>;

    /// The condition that `column` holds a label.
    fn check(column: &str) -> String {
        format!("{column} in ('{}')", Self::LABELS.join("', '"))
    }
}

/// A text that is no label of an enum. Its `Display` lists the labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLabel {
    labels: &'static [&'static str],
}

impl UnknownLabel {
    /// The text is no label of `T`.
    pub fn of<T: TenantEnum>() -> Self {
        Self { labels: T::LABELS }
    }
}

impl fmt::Display for UnknownLabel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "must be one of `{}`", self.labels.join("`, `"))
    }
}

impl std::error::Error for UnknownLabel {}
