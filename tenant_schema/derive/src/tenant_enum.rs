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

fn snake_case(name: &str) -> String {
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
            use ::diesel::sql_types::{Nullable, Text};
            #binding
            #reading
        };
    }
}

fn write_labels(parsed: &TenantEnum) -> TokenStream {
    let ident = &parsed.ident;
    let (variants, labels): (Vec<&Ident>, Vec<&String>) = parsed
        .variants
        .iter()
        .map(|(variant, label)| (variant, label))
        .unzip();
    quote! {
        impl ::tenant_schema::TenantEnum for #ident {
            const LABELS: &'static [&'static str] = &[#(#labels),*];

            fn label(&self) -> &'static str {
                match self {
                    #(Self::#variants => #labels,)*
                }
            }

            fn of_label(label: &str) -> ::std::option::Option<Self> {
                match label {
                    #(#labels => ::std::option::Option::Some(Self::#variants),)*
                    _ => ::std::option::Option::None,
                }
            }
        }
    }
}

fn write_binding(ident: &Ident) -> TokenStream {
    let expressions = [quote!(Text), quote!(Nullable<Text>)].into_iter().map(|sql_type| {
        quote! {
            impl ::diesel::expression::AsExpression<#sql_type> for #ident {
                type Expression = ::diesel::internal::derives::as_expression::Bound<#sql_type, Self>;
                fn as_expression(self) -> Self::Expression {
                    ::diesel::internal::derives::as_expression::Bound::new(self)
                }
            }

            impl<'a> ::diesel::expression::AsExpression<#sql_type> for &'a #ident {
                type Expression = ::diesel::internal::derives::as_expression::Bound<#sql_type, Self>;
                fn as_expression(self) -> Self::Expression {
                    ::diesel::internal::derives::as_expression::Bound::new(self)
                }
            }
        }
    });
    quote! {
        #(#expressions)*

        impl ::diesel::serialize::ToSql<Text, ::diesel::pg::Pg> for #ident {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, ::diesel::pg::Pg>,
            ) -> ::diesel::serialize::Result {
                let label = ::tenant_schema::TenantEnum::label(self);
                <str as ::diesel::serialize::ToSql<Text, ::diesel::pg::Pg>>::to_sql(label, out)
            }
        }

        impl ::diesel::serialize::ToSql<Nullable<Text>, ::diesel::pg::Pg> for #ident {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, ::diesel::pg::Pg>,
            ) -> ::diesel::serialize::Result {
                <Self as ::diesel::serialize::ToSql<Text, ::diesel::pg::Pg>>::to_sql(self, out)
            }
        }
    }
}

fn write_reading(ident: &Ident) -> TokenStream {
    quote! {
        impl ::diesel::deserialize::FromSql<Text, ::diesel::pg::Pg> for #ident {
            fn from_sql(bytes: ::diesel::pg::PgValue<'_>) -> ::diesel::deserialize::Result<Self> {
                let label =
                    <::std::string::String as ::diesel::deserialize::FromSql<Text, ::diesel::pg::Pg>>::from_sql(bytes)?;
                <Self as ::tenant_schema::TenantEnum>::of_label(&label)
                    .ok_or_else(|| ::std::format!("`{label}` is no label of `{}`", ::std::stringify!(#ident)).into())
            }
        }

        impl ::diesel::deserialize::Queryable<Text, ::diesel::pg::Pg> for #ident {
            type Row = Self;
            fn build(row: Self) -> ::diesel::deserialize::Result<Self> {
                ::std::result::Result::Ok(row)
            }
        }
    }
}
