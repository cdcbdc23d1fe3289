//! Names of tables, columns and constraints: what PostgreSQL keeps whole, and who has taken one already.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::LitStr;

use crate::errors::Errors;

/// Bytes of an identifier that PostgreSQL keeps (`NAMEDATALEN - 1`); it cuts off the rest with a mere notice.
const MAX_BYTES: usize = 63;

/// Why `name` cannot name anything in a tenant schema, if it cannot.
pub(crate) fn fault(name: &str) -> Option<String> {
    let mut characters = name.chars();
    let begins_well = characters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first == '_');
    let goes_on_well =
        characters.all(|next| next.is_ascii_lowercase() || next.is_ascii_digit() || next == '_');
    if !begins_well || !goes_on_well {
        return Some(format!(
            "`{name}` cannot be a name in a tenant schema: lower-case letters, digits and `_` are allowed, and no digit first"
        ));
    }
    (name.len() > MAX_BYTES).then(|| {
        format!(
            "the name `{name}` has {} bytes, and PostgreSQL keeps {MAX_BYTES}",
            name.len()
        )
    })
}

/// Names given to the constraints and indexes of one table.
#[derive(Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// Takes the name written by hand, or the one derived from the columns, for the thing at `place`.
    pub(crate) fn take(
        &mut self,
        by_hand: Option<&LitStr>,
        derived: impl FnOnce() -> String,
        place: Span,
        errors: &mut Errors,
    ) -> String {
        let (name, place, hint) = match by_hand {
            Some(literal) => (literal.value(), literal.span(), ""),
            None => (derived(), place, "\nhint: give it one with `name = \"…\"`"),
        };
        if let Some(fault) = fault(&name) {
            errors.add(syn::Error::new(place, format!("{fault}{hint}")));
        } else if !self.0.insert(name.clone()) {
            let message = format!(
                "the name `{name}` is taken by another constraint or index of this table{hint}"
            );
            errors.add(syn::Error::new(place, message));
        }
        name
    }
}
