//! Writes the `TenantModel` of a model: its table as the data that the provisioner reads.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};

use crate::column::{Column, Identity};
use crate::constraints::{
    Condition, Constraints, NamedCheck, NamedForeignKey, NamedIndex, NamedUnique,
};
use crate::model::Model;

pub(crate) fn write(model: &Model, constraints: &Constraints) -> TokenStream {
    let Model { ident, keys, .. } = model;
    let name = text(&model.table);
    let was = optional(keys.was.as_ref().map(syn::LitStr::value));
    let comment = optional(model.comment.as_ref());
    let append_only = keys.append_only;
    let columns = model
        .columns
        .iter()
        .map(|column| write_column(model, column));
    let primary_key = texts(&model.primary_key_names());
    let uniques = constraints.uniques.iter().map(write_unique);
    let indexes = constraints.indexes.iter().map(write_index);
    let checks = constraints.checks.iter().map(write_check);
    let foreign_keys = constraints.foreign_keys.iter().map(write_foreign_key);
    quote! {
        impl ::tenant_schema::TenantModel for #ident {
            fn definition() -> ::tenant_schema::definition::TableDefinition {
                ::tenant_schema::definition::TableDefinition {
                    name: #name,
                    was: #was,
                    comment: #comment,
                    append_only: #append_only,
                    columns: ::std::vec![#(#columns),*],
                    primary_key: #primary_key,
                    uniques: ::std::vec![#(#uniques),*],
                    indexes: ::std::vec![#(#indexes),*],
                    checks: ::std::vec![#(#checks),*],
                    foreign_keys: ::std::vec![#(#foreign_keys),*],
                }
            }
        }
    }
}

/// Type and nullability come from the column of the `table!`, so that what is built and what queries are checked against
/// cannot differ.
fn write_column(model: &Model, column: &Column) -> TokenStream {
    let keys = &column.keys;
    let (table, field) = (&model.table, &column.field);
    let name = text(&column.name);
    let kind = quote_spanned! { field.span() =>
        <<#table::#field as ::diesel::Expression>::SqlType as ::tenant_schema::DdlType>
    };
    let sql_type = match &keys.sql_type {
        Some(sql_type) => text(sql_type.value()),
        None => quote!(::std::string::String::from(#kind::sql())),
    };
    let was = optional(keys.was.as_ref().map(syn::LitStr::value));
    let collation = optional(keys.collation.as_ref().map(syn::LitStr::value));
    let default = optional(keys.default.as_ref().map(syn::LitStr::value));
    let generated = optional(keys.generated.as_ref().map(syn::LitStr::value));
    let identity = match keys.identity {
        Some((_, Identity::Always)) => {
            quote!(::std::option::Option::Some(
                ::tenant_schema::definition::Identity::Always
            ))
        }
        Some((_, Identity::ByDefault)) => {
            quote!(::std::option::Option::Some(
                ::tenant_schema::definition::Identity::ByDefault
            ))
        }
        None => quote!(::std::option::Option::None),
    };
    let comment = optional(column.comment.as_ref());
    quote! {
        ::tenant_schema::definition::ColumnDefinition {
            name: #name,
            was: #was,
            sql_type: #sql_type,
            nullable: #kind::NULLABLE,
            collation: #collation,
            default: #default,
            generated: #generated,
            identity: #identity,
            comment: #comment,
        }
    }
}

fn write_unique(unique: &NamedUnique) -> TokenStream {
    let name = text(&unique.name);
    let columns = texts(&unique.columns);
    let nulls_not_distinct = unique.nulls_not_distinct;
    quote! {
        ::tenant_schema::definition::UniqueDefinition {
            name: #name,
            columns: #columns,
            nulls_not_distinct: #nulls_not_distinct,
        }
    }
}

fn write_index(index: &NamedIndex) -> TokenStream {
    let name = text(&index.name);
    let method = text(&index.method);
    let unique = index.unique;
    let keys = index.keys.iter().map(|key| text(&key.ddl));
    let include = texts(&index.include);
    let predicate = optional(index.predicate.as_ref());
    let nulls_not_distinct = index.nulls_not_distinct;
    quote! {
        ::tenant_schema::definition::IndexDefinition {
            name: #name,
            method: #method,
            unique: #unique,
            keys: ::std::vec![#(#keys),*],
            include: #include,
            predicate: #predicate,
            nulls_not_distinct: #nulls_not_distinct,
        }
    }
}

fn write_check(check: &NamedCheck) -> TokenStream {
    let name = text(&check.name);
    let expression = match &check.condition {
        Condition::Sql(sql) => text(sql),
        Condition::LabelOf { rust, column } => {
            quote!(<#rust as ::tenant_schema::TenantEnum>::check(#column))
        }
    };
    quote! {
        ::tenant_schema::definition::CheckDefinition {
            name: #name,
            expression: #expression,
        }
    }
}

fn write_foreign_key(foreign_key: &NamedForeignKey) -> TokenStream {
    let reference = &foreign_key.reference;
    let name = text(&foreign_key.name);
    let columns = texts(&foreign_key.columns);
    let references_table = text(&reference.table);
    let references_columns = texts(&reference.columns);
    let on_delete = reference.on_delete;
    let on_update = reference.on_update;
    let deferrable = reference.deferrable;
    quote! {
        ::tenant_schema::definition::ForeignKeyDefinition {
            name: #name,
            columns: #columns,
            references_table: #references_table,
            references_columns: #references_columns,
            on_delete: #on_delete,
            on_update: #on_update,
            deferrable: #deferrable,
        }
    }
}

fn text(value: impl ToString) -> TokenStream {
    let value = value.to_string();
    quote!(::std::string::String::from(#value))
}

fn texts(values: &[String]) -> TokenStream {
    let values = values.iter().map(text);
    quote!(::std::vec![#(#values),*])
}

fn optional(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::std::option::Option::Some(::std::string::String::from(#value))),
        None => quote!(::std::option::Option::None),
    }
}
