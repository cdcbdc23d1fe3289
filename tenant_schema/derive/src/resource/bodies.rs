//! Writes the bodies of a resource: `New…` and `…Changes`, and what is checked of them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use super::{Field, Resource};

pub(super) fn write(resource: &Resource) -> TokenStream {
    let new = write_new(resource);
    let changes = write_changes(resource);
    let replacement = write_replacement(resource);
    quote! { #new #changes #replacement }
}

fn write_new(resource: &Resource) -> TokenStream {
    let (new, table) = (resource.new_ident(), &resource.table);
    let comment = format!("A `{}` to be made.", resource.ident);
    let fields = resource.given_first().map(Field::write_new);
    let checks = resource.given_first().map(|field| {
        let name = &field.column.field;
        field.check(&if field.column.kind.nullable {
            quote!(self.#name.as_ref())
        } else {
            quote!(Some(&self.#name))
        })
    });
    let secrets = resource.secrets().map(|field| {
        let (name, text) = (&field.column.field, &field.column.name);
        quote!(all.extend(self.#name.as_mut().map(|secret| (#text, secret)));)
    });
    let input = write_input(&new, &checks.collect(), &secrets.collect());
    quote! {
        #[doc = #comment]
        #[derive(Debug, Clone, ::diesel::Insertable, ::serde::Deserialize, ::utoipa::ToSchema)]
        #[diesel(table_name = #table, check_for_backend(::diesel::pg::Pg))]
        #[serde(deny_unknown_fields)]
        pub struct #new { #(#fields)* }

        #input
    }
}

fn write_changes(resource: &Resource) -> TokenStream {
    let (changes, table) = (resource.changes_ident(), &resource.table);
    let comment = format!(
        "What changes of a `{}`: an absent field stays, a null is cleared.",
        resource.ident
    );
    let fields = resource.given().map(Field::write_change);
    let checks = resource.given().map(|field| {
        let name = &field.column.field;
        field.check(&if field.column.kind.nullable {
            quote!(self.#name.as_ref().and_then(Option::as_ref))
        } else {
            quote!(self.#name.as_ref())
        })
    });
    let secrets = resource.secrets().map(|field| {
        let (name, text) = (&field.column.field, &field.column.name);
        quote! {
            let given = self.#name.as_mut().and_then(Option::as_mut);
            all.extend(given.map(|secret| (#text, secret)));
        }
    });
    let input = write_input(&changes, &checks.collect(), &secrets.collect());
    quote! {
        #[doc = #comment]
        #[derive(Debug, Clone, Default, ::diesel::AsChangeset, ::serde::Deserialize, ::utoipa::ToSchema)]
        #[diesel(table_name = #table, check_for_backend(::diesel::pg::Pg))]
        #[serde(deny_unknown_fields)]
        pub struct #changes { #(#fields)* }

        #input
    }
}

/// All that can be given, anew: what is absent is cleared.
fn write_replacement(resource: &Resource) -> TokenStream {
    let (new, changes) = (resource.new_ident(), resource.changes_ident());
    let values = resource.given().map(|field| {
        let name = &field.column.field;
        if field.keys.later.is_some() {
            quote!(#name: None)
        } else {
            quote!(#name: Some(new.#name))
        }
    });
    quote! {
        impl From<#new> for #changes {
            fn from(new: #new) -> Self {
                Self { #(#values,)* }
            }
        }
    }
}

fn write_input(body: &Ident, checks: &TokenStream, secrets: &TokenStream) -> TokenStream {
    let secrets = (!secrets.is_empty()).then(|| {
        quote! {
            fn secrets(&mut self) -> Vec<(&'static str, &mut ::tenant_schema::resource::Secret)> {
                let mut all = Vec::new();
                #secrets
                all
            }
        }
    });
    quote! {
        impl ::tenant_schema::resource::Input for #body {
            fn check(&self, faults: &mut ::tenant_schema::resource::Faults) {
                #checks
            }

            #secrets
        }
    }
}

impl Field {
    /// The field of what is given to make a record.
    fn write_new(&self) -> TokenStream {
        let (name, value) = (&self.column.field, &self.column.value);
        let (comment, schema) = (self.comment(), self.schema());
        let default = self.keys.default.as_ref();
        let default = default.map(|_| quote!(#[serde(default)]));
        let kind = if self.column.kind.nullable {
            quote!(Option<#value>)
        } else {
            quote!(#value)
        };
        quote! { #[doc = #comment] #schema #default pub #name: #kind, }
    }

    /// The field of what changes of a record: what can be NULL is given or not, and then NULL or not.
    fn write_change(&self) -> TokenStream {
        let (name, value) = (&self.column.field, &self.column.value);
        let (comment, schema) = (self.comment(), self.schema());
        let nullable = self.column.kind.nullable;
        let kind = if nullable {
            quote!(Option<Option<#value>>)
        } else {
            quote!(Option<#value>)
        };
        let shown =
            (nullable && !self.is_object()).then(|| quote!(#[schema(value_type = Option<#value>)]));
        quote! {
            #[doc = #comment]
            #[serde(default, deserialize_with = "::tenant_schema::resource::given")]
            #schema
            #shown
            pub #name: #kind,
        }
    }

    /// Bounds and example as the documentation shows them.
    fn schema(&self) -> TokenStream {
        let keys = &self.column.keys;
        let length = keys
            .length
            .as_ref()
            .map(|length| length.schema("min_length", "max_length"));
        let range = keys
            .range
            .as_ref()
            .map(|range| range.schema("minimum", "maximum"));
        let example = self
            .keys
            .example
            .as_ref()
            .map(|example| quote!(example = #example));
        let inline = self.keys.secret.as_ref().map(|_| quote!(inline));
        let object = self.is_object().then(|| quote!(value_type = Object));
        let told = [length, range, example, inline, object]
            .into_iter()
            .flatten();
        let told: Vec<TokenStream> = told.collect();
        if told.is_empty() {
            return TokenStream::new();
        }
        quote!(#[schema(#(#told),*)])
    }

    /// What is checked of a value, given as an `Option` of a reference.
    fn check(&self, value: &TokenStream) -> TokenStream {
        let name = &self.column.name;
        let keys = &self.column.keys;
        let length = keys.length.as_ref().map(|length| {
            let bounds = length.arguments();
            if self.keys.multiline.is_some() {
                quote!(faults.text(#name, #value, #bounds);)
            } else {
                quote!(faults.line(#name, #value, #bounds);)
            }
        });
        let range = keys.range.as_ref().map(|range| {
            let bounds = range.arguments();
            quote!(faults.range(#name, #value, #bounds);)
        });
        let check = self
            .keys
            .check
            .as_ref()
            .and_then(|check| check.parse::<syn::Path>().ok());
        let slice = self.is_text().then(|| quote!(.map(String::as_str)));
        let check = check.map(|check| quote!(faults.check(#name, #value #slice, #check);));
        let secret = self.keys.secret.as_ref().map(
            |_| quote!(faults.check(#name, #value, ::tenant_schema::resource::Secret::check);),
        );
        quote! { #length #range #check #secret }
    }
}
