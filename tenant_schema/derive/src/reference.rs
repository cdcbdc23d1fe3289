//! What a foreign key points at, read from `users(id) on delete set null on update cascade deferrable initially deferred`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

/// The referenced table and columns, and what follows a change of theirs.
#[derive(Clone)]
pub(crate) struct Reference {
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
    pub(crate) on_delete: ReferentialAction,
    pub(crate) on_update: ReferentialAction,
    pub(crate) deferrable: Deferrable,
}

/// `definition::ReferentialAction`, which this crate cannot name without a circle.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ReferentialAction {
    #[default]
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

/// `definition::Deferrable`.
#[derive(Clone, Copy, Default)]
pub(crate) enum Deferrable {
    #[default]
    No,
    InitiallyImmediate,
    InitiallyDeferred,
}

const FORM: &str = "expected `table(column)`, then any of `on delete ACTION`, `on update ACTION` and \
`deferrable [initially deferred]`, where ACTION is `cascade`, `restrict`, `set null`, `set default` or `no action`";

impl Reference {
    /// Reads the text of `references = "…"`.
    pub(crate) fn parse(literal: &LitStr) -> syn::Result<Self> {
        let text = literal.value();
        let refuse = |reason: String| {
            let message = format!("{reason}\n{FORM}");
            syn::Error::new(literal.span(), message)
        };
        let (table, rest) = text
            .split_once('(')
            .ok_or_else(|| refuse(format!("`{text}` names no column")))?;
        let (columns, clauses) = rest
            .split_once(')')
            .ok_or_else(|| refuse(format!("`{text}` lacks a `)`")))?;
        let mut reference = Self {
            table: table.trim().to_owned(),
            columns: columns.split(',').map(|c| c.trim().to_owned()).collect(),
            on_delete: ReferentialAction::default(),
            on_update: ReferentialAction::default(),
            deferrable: Deferrable::default(),
        };
        let mut names = std::iter::once(&reference.table).chain(&reference.columns);
        if let Some(fault) = names.find_map(|name| crate::names::fault(name)) {
            return Err(refuse(fault));
        }
        let clauses = clauses.to_ascii_lowercase();
        let words: Vec<&str> = clauses.split_whitespace().collect();
        reference.read_clauses(&words).map_err(refuse)?;
        Ok(reference)
    }

    /// Reads the clauses after the columns, or says which words are none.
    fn read_clauses(&mut self, words: &[&str]) -> Result<(), String> {
        let mut rest = words;
        while !rest.is_empty() {
            rest = match rest {
                ["on", "delete", action @ ..] => take_action(&mut self.on_delete, action)?,
                ["on", "update", action @ ..] => take_action(&mut self.on_update, action)?,
                ["deferrable", "initially", "deferred", rest @ ..] => {
                    self.deferrable = Deferrable::InitiallyDeferred;
                    rest
                }
                ["deferrable", "initially", "immediate", rest @ ..] | ["deferrable", rest @ ..] => {
                    self.deferrable = Deferrable::InitiallyImmediate;
                    rest
                }
                ["not", "deferrable", rest @ ..] => rest,
                unknown => {
                    return Err(format!(
                        "`{}` is no clause of a foreign key",
                        unknown.join(" ")
                    ));
                }
            };
        }
        Ok(())
    }

    /// Whether an action writes NULL into the referencing columns.
    pub(crate) fn sets_null(&self) -> bool {
        self.on_delete == ReferentialAction::SetNull || self.on_update == ReferentialAction::SetNull
    }
}

fn take_action<'a, 'b>(
    action: &mut ReferentialAction,
    words: &'a [&'b str],
) -> Result<&'a [&'b str], String> {
    let (found, rest) = match words {
        ["cascade", rest @ ..] => (ReferentialAction::Cascade, rest),
        ["restrict", rest @ ..] => (ReferentialAction::Restrict, rest),
        ["set", "null", rest @ ..] => (ReferentialAction::SetNull, rest),
        ["set", "default", rest @ ..] => (ReferentialAction::SetDefault, rest),
        ["no", "action", rest @ ..] => (ReferentialAction::NoAction, rest),
        unknown => {
            return Err(format!(
                "`{}` is no action of a foreign key",
                unknown.join(" ")
            ));
        }
    };
    *action = found;
    Ok(rest)
}

impl quote::ToTokens for ReferentialAction {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let variant = match self {
            Self::NoAction => quote!(NoAction),
            Self::Restrict => quote!(Restrict),
            Self::Cascade => quote!(Cascade),
            Self::SetNull => quote!(SetNull),
            Self::SetDefault => quote!(SetDefault),
        };
        tokens.extend(quote!(ReferentialAction::#variant));
    }
}

impl quote::ToTokens for Deferrable {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let variant = match self {
            Self::No => quote!(No),
            Self::InitiallyImmediate => quote!(InitiallyImmediate),
            Self::InitiallyDeferred => quote!(InitiallyDeferred),
        };
        tokens.extend(quote!(Deferrable::#variant));
    }
}
