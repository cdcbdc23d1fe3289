//! `#[derive(TenantEnum)]`: a fieldless enum as a text column that admits its labels alone.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Ident};

use crate::errors::Errors;

/// An enum with the label of each variant.
pub(crate) struct TenantEnum {
    ident: Ident,
    variants: Vec<(Ident, String)>,
}

impl TenantEnum {
    /// Reads the enum, or tells all that is wrong with it.
    pub(crate) fn parse(input: &DeriveInput) -> syn::Result<Self> {
        let Data::Enum(data) = &input.data else {
            let message = "`TenantEnum` is derived for an enum: each variant is a label";
            return Err(syn::Error::new(input.ident.span(), message));
        };
        let mut errors = Errors::default();
        if data.variants.is_empty() {
            errors.at(
                &input.ident,
                "an enum without variants has no label to store",
            );
        }
        for variant in &data.variants {
            if !matches!(variant.fields, Fields::Unit) {
                let message = format!("`{}` has fields, and a label can hold none", variant.ident);
                errors.at(variant, message);
            }
        }
        let variants = data
            .variants
            .iter()
            .map(|variant| {
                (
                    variant.ident.clone(),
                    snake_case(&variant.ident.to_string()),
                )
            })
            .collect();
        errors.finish(Self {
            ident: input.ident.clone(),
            variants,
        })
    }
}

pub(crate) fn snake_case(name: &str) -> String {
    let mut label = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !label.is_empty() {
            label.push('_');
        }
        label.extend(character.to_lowercase());
    }
    label
}

/// Writes the labels, and what Diesel needs to bind and read the enum as text.
pub(crate) fn write(parsed: &TenantEnum) -> TokenStream {
    let labels = write_labels(parsed);
    let binding = write_binding(&parsed.ident);
    let reading = write_reading(&parsed.ident);
    quote! {
        #labels

        const _: () = {
            use ::diesel::deserialize::{self, FromSql, Queryable};
            use ::diesel::expression::AsExpression;
            use ::diesel::internal::derives::as_expression::Bound;
            use ::diesel::pg::{Pg, PgValue};
            use ::diesel::serialize::{self, Output, ToSql};
            use ::diesel::sql_types::{Nullable, Text};
            use ::tenant_schema::TenantEnum;

            #binding
            #reading
        };
    }
}

/// The compiler is told not to recommend the impl, or it would list every enum there is under each mistake.
fn write_labels(parsed: &TenantEnum) -> TokenStream {
    let ident = &parsed.ident;
    let (variants, labels): (Vec<&Ident>, Vec<&String>) = parsed
        .variants
        .iter()
        .map(|(variant, label)| (variant, label))
        .unzip();
    quote! {
        #[diagnostic::do_not_recommend]
        impl ::tenant_schema::TenantEnum for #ident {
            const LABELS: &'static [&'static str] = &[#(#labels),*];

            fn label(&self) -> &'static str {
                match self {
                    #(Self::#variants => #labels,)*
                }
            }

            fn of_label(label: &str) -> Option<Self> {
                match label {
                    #(#labels => Some(Self::#variants),)*
                    _ => None,
                }
            }
        }

        impl ::std::str::FromStr for #ident {
            type Err = ::tenant_schema::UnknownLabel;

            fn from_str(label: &str) -> Result<Self, Self::Err> {
                let known = <Self as ::tenant_schema::TenantEnum>::of_label(label);
                known.ok_or_else(::tenant_schema::UnknownLabel::of::<Self>)
            }
        }
    }
}

/// An enum is bound by value and by reference, to columns that admit NULL and to those that do not.
fn write_binding(ident: &Ident) -> TokenStream {
    let kinds = [quote!(Text), quote!(Nullable<Text>)];
    let expressions = kinds.iter().flat_map(|kind| {
        [quote!(#ident), quote!(&#ident)].map(|bound| {
            quote! {
                impl AsExpression<#kind> for #bound {
                    type Expression = Bound<#kind, Self>;

                    fn as_expression(self) -> Self::Expression {
                        Bound::new(self)
                    }
                }
            }
        })
    });
    let bindings = kinds.iter().map(|kind| {
        quote! {
            impl ToSql<#kind, Pg> for #ident {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                    <str as ToSql<Text, Pg>>::to_sql(TenantEnum::label(self), out)
                }
            }
        }
    });
    quote! {
        #(#expressions)*
        #(#bindings)*
    }
}

fn write_reading(ident: &Ident) -> TokenStream {
    let name = ident.to_string();
    quote! {
        impl FromSql<Text, Pg> for #ident {
            fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
                let label = <String as FromSql<Text, Pg>>::from_sql(bytes)?;
                let unknown = || format!("`{label}` is no label of `{}`", #name);
                Ok(TenantEnum::of_label(&label).ok_or_else(unknown)?)
            }
        }

        impl Queryable<Text, Pg> for #ident {
            type Row = Self;

            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    }
}
