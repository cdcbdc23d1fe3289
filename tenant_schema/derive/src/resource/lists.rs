//! Writes what lists of a resource are filtered and sorted by.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use super::{Field, Resource};

pub(super) fn write(resource: &Resource) -> TokenStream {
    let filter = write_filter(resource);
    let keys = write_sort_keys(resource);
    quote! { #filter #keys }
}

/// One parameter of a list, and the condition that it stands for.
struct Condition {
    name: Ident,
    kind: TokenStream,
    comment: String,
    query: TokenStream,
}

impl Condition {
    /// Those of a field: one, and two for a time.
    fn of(field: &Field, table: &Ident) -> Vec<Self> {
        let (column, value) = (&field.column.field, &field.column.value);
        let condition = |name: Ident, comment: String, operator: &str| {
            let operator = format_ident!("{operator}");
            Self {
                query: quote! {
                    if let Some(value) = &self.#name {
                        query = query.filter(#table::#column.#operator(value));
                    }
                },
                kind: value.clone(),
                comment,
                name,
            }
        };
        let comment = field.comment();
        if field.is_time() {
            return vec![
                condition(
                    format_ident!("{column}_from"),
                    format!("{comment} From then on."),
                    "ge",
                ),
                condition(
                    format_ident!("{column}_to"),
                    format!("{comment} Until before then."),
                    "lt",
                ),
            ];
        }
        vec![condition(column.clone(), comment, "eq")]
    }
}

fn write_filter(resource: &Resource) -> TokenStream {
    let filtered = resource
        .fields
        .iter()
        .filter(|field| field.keys.filter.is_some());
    let conditions: Vec<Condition> = filtered
        .flat_map(|field| Condition::of(field, &resource.table))
        .collect();
    let parameters = write_parameters(resource, &conditions);
    let apply = write_apply(resource, &conditions);
    let read = write_read(resource, &conditions);
    quote! {
        #parameters

        const _: () = {
            use ::diesel::prelude::*;
            use ::tenant_schema::resource::{Filter, Parameters, containing};

            #apply
            #read
        };
    }
}

fn write_parameters(resource: &Resource, conditions: &[Condition]) -> TokenStream {
    let filter = resource.filter_ident();
    let comment = format!("Which rows of `{}` a list holds.", resource.table);
    let given = conditions.iter().map(|condition| {
        let Condition {
            name,
            kind,
            comment,
            ..
        } = condition;
        quote!(#[doc = #comment] #[param(inline)] pub #name: Option<#kind>,)
    });
    quote! {
        #[doc = #comment]
        #[derive(Debug, Clone, Default, ::utoipa::IntoParams)]
        #[into_params(parameter_in = Query)]
        pub struct #filter {
            /// Part of a text, in any case.
            #[param(rename = "q")]
            pub search: Option<String>,
            /// Deleted ones as well, for those who may delete.
            #[param(required = false)]
            pub include_deleted: bool,
            #(#given)*
        }
    }
}

fn write_apply(resource: &Resource, conditions: &[Condition]) -> TokenStream {
    let (filter, table) = (resource.filter_ident(), &resource.table);
    let queries = conditions.iter().map(|condition| &condition.query);
    let search = write_search(resource);
    quote! {
        impl #filter {
            fn apply(&self) -> #table::BoxedQuery<'_, ::diesel::pg::Pg> {
                let mut query = #table::table.into_boxed();
                if !self.include_deleted {
                    query = query.filter(#table::deleted_at.is_null());
                }
                #(#queries)*
                #search
                query
            }
        }
    }
}

fn write_read(resource: &Resource, conditions: &[Condition]) -> TokenStream {
    let filter = resource.filter_ident();
    let parsed = conditions.iter().map(|Condition { name, .. }| {
        let text = name.to_string();
        quote!(#name: parameters.parsed(#text)?,)
    });
    quote! {
        impl Filter for #filter {
            fn read<P: Parameters>(parameters: &mut P) -> Result<Self, P::Error> {
                Ok(Self {
                    search: parameters.text("q")?,
                    include_deleted: parameters.flag("include_deleted")?,
                    #(#parsed)*
                })
            }

            fn includes_deleted(&self) -> bool {
                self.include_deleted
            }
        }
    }
}

/// A column that is NULL makes its condition NULL, which matches nothing by itself.
fn write_search(resource: &Resource) -> TokenStream {
    let table = &resource.table;
    let searched = resource
        .fields
        .iter()
        .filter(|field| field.keys.search.is_some());
    let conditions = searched.map(|field| {
        let column = &field.column.field;
        if field.column.kind.nullable {
            quote!(#table::#column.ilike(pattern.clone()))
        } else {
            quote!(#table::#column.ilike(pattern.clone()).nullable())
        }
    });
    let whole = conditions.reduce(|all, one| quote!(#all.or(#one)));
    let Some(whole) = whole else {
        return quote! {
            if self.search.is_some() {
                query = query.filter(::diesel::dsl::sql::<::diesel::sql_types::Bool>("false"));
            }
        };
    };
    quote! {
        if let Some(part) = &self.search {
            let pattern = containing(part);
            query = query.filter(#whole);
        }
    }
}

fn write_sort_keys(resource: &Resource) -> TokenStream {
    let (keys, table) = (resource.sort_key_ident(), &resource.table);
    let comment = format!("What rows of `{table}` are compared by.");
    let sorted: Vec<&Field> = resource
        .fields
        .iter()
        .filter(|field| field.is_sorted())
        .collect();
    let variants = sorted.iter().map(|field| field.variant());
    let comments = sorted.iter().map(|field| field.comment());
    let arms = sorted.iter().map(|field| {
        let (variant, compared) = (field.variant(), field.compared(table));
        quote! {
            (#keys::#variant, false) => query.then_order_by(#compared.asc()),
            (#keys::#variant, true) => query.then_order_by(#compared.desc()),
        }
    });
    quote! {
        #[doc = #comment]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum #keys { #(#[doc = #comments] #variants,)* }

        const _: () = {
            use ::diesel::prelude::*;

            impl #keys {
                fn apply(
                    self,
                    descending: bool,
                    query: #table::BoxedQuery<'_, ::diesel::pg::Pg>,
                ) -> #table::BoxedQuery<'_, ::diesel::pg::Pg> {
                    match (self, descending) { #(#arms)* }
                }
            }
        };
    }
}

impl Field {
    /// The sort key of the field: `created_at` is `CreatedAt`.
    pub(super) fn variant(&self) -> Ident {
        let words = self.column.name.split('_');
        let capital = |word: &str| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        };
        format_ident!("{}", words.map(capital).collect::<String>())
    }

    /// What a list is sorted by: texts in any case.
    fn compared(&self, table: &Ident) -> TokenStream {
        let column = &self.column.field;
        if self.is_text() && !self.column.kind.nullable {
            quote!(::tenant_schema::resource::lower(#table::#column))
        } else {
            quote!(#table::#column)
        }
    }
}
