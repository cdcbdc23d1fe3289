//! Keys, indexes and checks of one table with their names. How they follow from the model is in `constraints/builder.rs`.

mod builder;

use proc_macro2::{Span, TokenStream};

use crate::expression::IndexKey;
use crate::reference::Reference;

/// Everything about a table that has a name of its own.
pub(crate) struct Constraints {
    pub(crate) uniques: Vec<NamedUnique>,
    pub(crate) indexes: Vec<NamedIndex>,
    pub(crate) checks: Vec<NamedCheck>,
    pub(crate) foreign_keys: Vec<NamedForeignKey>,
}

/// A unique constraint.
pub(crate) struct NamedUnique {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) nulls_not_distinct: bool,
}

/// An index that no constraint owns.
pub(crate) struct NamedIndex {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) unique: bool,
    pub(crate) keys: Vec<IndexKey>,
    pub(crate) include: Vec<String>,
    pub(crate) predicate: Option<String>,
    pub(crate) nulls_not_distinct: bool,
}

/// A check constraint.
pub(crate) struct NamedCheck {
    pub(crate) name: String,
    pub(crate) condition: Condition,
}

/// What a check demands.
pub(crate) enum Condition {
    Sql(String),
    /// The column holds a label of this enum.
    LabelOf {
        rust: TokenStream,
        column: String,
    },
}

/// A foreign key.
pub(crate) struct NamedForeignKey {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) reference: Reference,
    place: Span,
}

impl NamedIndex {
    /// The columns before the first expression.
    fn leading_columns(&self) -> Vec<&str> {
        self.keys
            .iter()
            .take_while(|key| key.is_column)
            .filter_map(|key| key.columns.first().map(String::as_str))
            .collect()
    }
}
