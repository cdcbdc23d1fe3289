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
    too_long(name)
}

fn too_long(name: &str) -> Option<String> {
    let length = name.len();
    (length > MAX_BYTES)
        .then(|| format!("the name `{name}` has {length} bytes, and PostgreSQL keeps {MAX_BYTES}"))
}

/// Names given to the constraints and indexes of one table.
#[derive(Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// Takes a name written by hand.
    pub(crate) fn take(&mut self, literal: &LitStr, errors: &mut Errors) -> String {
        let name = literal.value();
        let fault = fault(&name).or_else(|| self.taken(&name));
        if let Some(fault) = fault {
            errors.at(literal, fault);
        }
        name
    }

    /// Takes a name made of others, whose letters are judged where they stand. `form` shows how to give one by hand.
    pub(crate) fn take_derived(
        &mut self,
        name: String,
        form: &str,
        place: Span,
        errors: &mut Errors,
    ) -> String {
        if let Some(fault) = too_long(&name).or_else(|| self.taken(&name)) {
            let hint = format!("hint: name it by hand in `#[model(…)]`: `{form}(…, name = \"…\")`");
            errors.add(syn::Error::new(place, format!("{fault}\n{hint}")));
        }
        name
    }

    fn taken(&mut self, name: &str) -> Option<String> {
        let is_new = self.0.insert(name.to_owned());
        (!is_new).then(|| format!("another constraint or index of this table is named `{name}`"))
    }
}
