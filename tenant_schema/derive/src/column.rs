//! One column: a field of the model with its `#[column(…)]`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Field, Ident, LitStr, Token, Type};

use crate::argument::{Grammar, Key, flag, put, string};
use crate::bounds::Bounds;
use crate::column_type::{ColumnType, split_option};
use crate::doc_comment;
use crate::errors::Errors;
use crate::names;
use crate::reference::Reference;

/// A column of the table.
pub(crate) struct Column {
    pub(crate) field: Ident,
    pub(crate) name: String,
    /// The field's type without its `Option`, as it is written.
    pub(crate) value: TokenStream,
    pub(crate) kind: ColumnType,
    pub(crate) comment: Option<String>,
    pub(crate) reference: Option<(LitStr, Reference)>,
    pub(crate) keys: ColumnKeys,
}

/// What `#[column(…)]` says.
#[derive(Default)]
pub(crate) struct ColumnKeys {
    pub(crate) check: Option<LitStr>,
    pub(crate) collation: Option<LitStr>,
    pub(crate) default: Option<LitStr>,
    diesel_type: Option<LitStr>,
    pub(crate) is_enum: Option<Ident>,
    pub(crate) generated: Option<LitStr>,
    pub(crate) identity: Option<(Ident, Identity)>,
    pub(crate) index: Option<Ident>,
    pub(crate) length: Option<Bounds>,
    pub(crate) range: Option<Bounds>,
    references: Option<LitStr>,
    pub(crate) sql_type: Option<LitStr>,
    pub(crate) unique: Option<Ident>,
    pub(crate) was: Option<LitStr>,
}

/// `definition::Identity`.
#[derive(Clone, Copy)]
pub(crate) enum Identity {
    Always,
    ByDefault,
}

const COLUMN: Grammar<ColumnKeys> = Grammar {
    holder: "#[column(…)]",
    keys: &[
        Key::once("check", |keys, key, input| {
            put(&mut keys.check, string(key, input))
        }),
        Key::once("collation", |keys, key, input| {
            put(&mut keys.collation, string(key, input))
        }),
        Key::once("default", |keys, key, input| {
            put(&mut keys.default, string(key, input))
        }),
        Key::once("diesel_type", |keys, key, input| {
            put(&mut keys.diesel_type, string(key, input))
        }),
        Key::once("enum", |keys, key, input| {
            put(&mut keys.is_enum, flag(key, input))
        }),
        Key::once("generated", |keys, key, input| {
            put(&mut keys.generated, string(key, input))
        }),
        Key::once("identity", |keys, key, input| {
            let kind = if input.peek(Token![=]) {
                identity(&string(key, input)?)
            } else {
                flag(key, input).map(|_identity| Identity::Always)
            };
            put(&mut keys.identity, kind.map(|kind| (key.clone(), kind)))
        }),
        Key::once("index", |keys, key, input| {
            put(&mut keys.index, flag(key, input))
        }),
        Key::once("length", |keys, key, input| {
            put(&mut keys.length, Bounds::parse(key, input))
        }),
        Key::once("range", |keys, key, input| {
            put(&mut keys.range, Bounds::parse(key, input))
        }),
        Key::once("references", |keys, key, input| {
            put(&mut keys.references, string(key, input))
        }),
        Key::once("sql_type", |keys, key, input| {
            put(&mut keys.sql_type, string(key, input))
        }),
        Key::once("unique", |keys, key, input| {
            put(&mut keys.unique, flag(key, input))
        }),
        Key::once("was", |keys, key, input| {
            put(&mut keys.was, string(key, input))
        }),
    ],
    positional: None,
};

impl Column {
    /// Reads the column that a field describes; nothing when its type or reference cannot be understood.
    pub(crate) fn parse(field: &Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.clone()?;
        let name = ident.to_string();
        if let Some(fault) = names::fault(&name) {
            errors.at(&ident, fault);
        }
        let keys = COLUMN.read_attributes("column", &field.attrs, errors);
        let kind = errors.keep(keys.column_type(&field.ty));
        let reference = match &keys.references {
            Some(literal) => Some((literal.clone(), errors.keep(Reference::parse(literal))?)),
            None => None,
        };
        let column = Self {
            field: ident,
            name,
            value: split_option(&field.ty).0.to_token_stream(),
            kind: kind?,
            comment: doc_comment::read(&field.attrs),
            reference,
            keys,
        };
        column.refuse_contradictions(errors);
        Some(column)
    }

    /// Keys that PostgreSQL would refuse together, or with this type.
    fn refuse_contradictions(&self, errors: &mut Errors) {
        self.refuse_two_sources(errors);
        if let Some((literal, reference)) = &self.reference
            && reference.sets_null()
            && !self.kind.nullable
        {
            let message = format!(
                "`set null` needs a column that admits NULL, and `{}` is no `Option`",
                self.name
            );
            errors.at(literal, message);
        }
        if let Some(fault) = self
            .keys
            .was
            .as_ref()
            .and_then(|was| names::fault(&was.value()))
        {
            errors.at(&self.keys.was, fault);
        }
    }

    /// A column has its values from a default, an expression or a sequence.
    fn refuse_two_sources(&self, errors: &mut Errors) {
        let keys = &self.keys;
        if let Some(generated) = &keys.generated {
            if keys.default.is_some() {
                errors.at(
                    generated,
                    "a generated column has no `default`: PostgreSQL computes every value of it",
                );
            }
            if keys.identity.is_some() {
                errors.at(
                    generated,
                    "a column is `generated` or an `identity`, not both",
                );
            }
        }
        if let Some((identity, _)) = &keys.identity {
            if keys.default.is_some() {
                errors.at(
                    identity,
                    "an identity column has no `default`: its sequence fills it",
                );
            }
            if !self.kind.integer || self.kind.nullable {
                errors.at(
                    identity,
                    "an identity column is an `i16`, `i32` or `i64`, not an `Option`",
                );
            }
        }
    }
}

impl ColumnKeys {
    fn column_type(&self, rust: &Type) -> syn::Result<ColumnType> {
        match (&self.is_enum, &self.diesel_type) {
            (Some(is_enum), Some(_)) => {
                let message = "`enum` says `diesel_type` already: text";
                Err(syn::Error::new(is_enum.span(), message))
            }
            (Some(_), None) => Ok(ColumnType::text(rust)),
            (None, Some(literal)) => Ok(ColumnType::named(rust, &literal.parse()?)),
            (None, None) => ColumnType::of(rust),
        }
    }
}

fn identity(literal: &LitStr) -> syn::Result<Identity> {
    match literal.value().as_str() {
        "always" => Ok(Identity::Always),
        "by default" => Ok(Identity::ByDefault),
        other => {
            let message = format!(
                "unknown kind of identity `{other}`, expected one of `always`, `by default`"
            );
            Err(syn::Error::new(literal.span(), message))
        }
    }
}
