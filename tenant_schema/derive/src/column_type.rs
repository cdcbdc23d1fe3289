//! Which Diesel SQL type a field's Rust type stands for, decided by how the type is written.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{GenericArgument, PathArguments, PathSegment, Type};

use crate::errors::list;

/// Rust types of one word, and Diesel's name of each in `diesel::sql_types`.
const SIMPLE: &[(&str, &str)] = &[
    ("String", "Text"),
    ("Uuid", "Uuid"),
    ("bool", "Bool"),
    ("i16", "SmallInt"),
    ("i32", "Integer"),
    ("i64", "BigInt"),
    ("f32", "Float"),
    ("f64", "Double"),
    ("DateTime<Utc>", "Timestamptz"),
    ("NaiveDate", "Date"),
    ("NaiveTime", "Time"),
    ("NaiveDateTime", "Timestamp"),
    ("Value", "Jsonb"),
    ("IpNet", "Inet"),
    ("Vec<u8>", "Bytea"),
];

/// The SQL type of a field.
#[derive(Clone)]
pub(crate) struct ColumnType {
    /// Diesel's type, with `Nullable` where the field is an `Option`.
    pub(crate) diesel: TokenStream,
    pub(crate) nullable: bool,
    /// Whether an identity column can have it.
    pub(crate) integer: bool,
}

impl ColumnType {
    /// The type that the Rust type tells.
    pub(crate) fn of(rust: &Type) -> syn::Result<Self> {
        Self::wrap(rust, |value| {
            sql_type(value).ok_or_else(|| unsupported(rust))
        })
    }

    /// The type named by hand, made nullable by the field's `Option`.
    pub(crate) fn named(rust: &Type, diesel: &Type) -> Self {
        let (value, nullable) = split_option(rust);
        let integer = last_segment(diesel)
            .is_some_and(|segment| is_integer(&segment.ident.to_string()))
            || is_integer_field(value);
        Self {
            diesel: nullable_if(nullable, diesel.to_token_stream()),
            nullable,
            integer,
        }
    }

    /// Text, for a Rust enum that knows its labels.
    pub(crate) fn text(rust: &Type) -> Self {
        let (_, nullable) = split_option(rust);
        Self {
            diesel: nullable_if(nullable, quote!(::diesel::sql_types::Text)),
            nullable,
            integer: false,
        }
    }

    fn wrap(
        rust: &Type,
        of_value: impl Fn(&Type) -> syn::Result<TokenStream>,
    ) -> syn::Result<Self> {
        let (value, nullable) = split_option(rust);
        Ok(Self {
            diesel: nullable_if(nullable, of_value(value)?),
            nullable,
            integer: is_integer_field(value),
        })
    }
}

/// The type without its `Option`, and whether there was one.
pub(crate) fn split_option(rust: &Type) -> (&Type, bool) {
    match argument_of(rust, "Option") {
        Some(value) => (value, true),
        None => (rust, false),
    }
}

fn sql_type(rust: &Type) -> Option<TokenStream> {
    let segment = last_segment(rust)?;
    let written = segment.to_token_stream().to_string().replace(' ', "");
    if let Some((_, name)) = SIMPLE.iter().find(|(simple, _)| *simple == written) {
        let name = syn::Ident::new(name, segment.ident.span());
        return Some(quote!(::diesel::sql_types::#name));
    }
    let item = argument_of(rust, "Vec")?;
    let (value, nullable) = split_option(item);
    let item = nullable_if(nullable, sql_type(value)?);
    Some(quote!(::diesel::sql_types::Array<#item>))
}

fn nullable_if(nullable: bool, diesel: TokenStream) -> TokenStream {
    if nullable {
        quote!(::diesel::sql_types::Nullable<#diesel>)
    } else {
        diesel
    }
}

fn is_integer_field(value: &Type) -> bool {
    last_segment(value)
        .is_some_and(|segment| ["i16", "i32", "i64"].iter().any(|i| segment.ident == i))
}

fn is_integer(diesel: &str) -> bool {
    ["SmallInt", "Integer", "BigInt", "Int2", "Int4", "Int8"].contains(&diesel)
}

fn last_segment(rust: &Type) -> Option<&PathSegment> {
    match rust {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

/// `T` of `wrapper<T>`.
fn argument_of<'a>(rust: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let segment = last_segment(rust).filter(|segment| segment.ident == wrapper)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(argument)) => Some(argument),
        _ => None,
    }
}

fn unsupported(rust: &Type) -> syn::Error {
    let message = format!(
        "no column type is known for `{}`\nexpected one of {}, or `Option<T>` or `Vec<T>` of these\n\
         hint: name Diesel's type with `#[column(diesel_type = \"diesel::sql_types::Interval\")]`, or say `#[column(enum)]` \
         where the type derives `TenantEnum`",
        rust.to_token_stream()
            .to_string()
            .replace(' ', "")
            .replace(',', ", "),
        list(SIMPLE.iter().map(|(simple, _)| simple)),
    );
    syn::Error::new_spanned(rust, message)
}
