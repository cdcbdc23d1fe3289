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
    let name = model.table.to_string();
    let was = text(keys.was.as_ref());
    let comment = text(model.comment.as_ref());
    let append_only = keys.append_only;
    let columns = list(&model.columns, |column| write_column(model, column));
    let primary_key = write_primary_key(model, &name);
    let uniques = list(&constraints.uniques, write_unique);
    let indexes = list(&constraints.indexes, write_index);
    let checks = list(&constraints.checks, write_check);
    let foreign_keys = list(&constraints.foreign_keys, write_foreign_key);
    quote! {
        impl ::tenant_schema::TenantModel for #ident {
            fn definition() -> ::tenant_schema::definition::TableDefinition {
                use ::tenant_schema::definition::*;
                TableDefinition {
                    name: #name.into(),
                    was: #was,
                    comment: #comment,
                    append_only: #append_only,
                    columns: #columns,
                    primary_key: #primary_key,
                    uniques: #uniques,
                    indexes: #indexes,
                    checks: #checks,
                    foreign_keys: #foreign_keys,
                    ..TableDefinition::default()
                }
            }
        }
    }
}

/// Type and nullability come from the column of the `table!`, so that what is built and what queries are checked against
/// cannot differ.
fn write_column(model: &Model, column: &Column) -> TokenStream {
    let Column {
        field, name, keys, ..
    } = column;
    let table = &model.table;
    let kind = quote_spanned! { field.span() =>
        <<#table::#field as ::diesel::Expression>::SqlType as ::tenant_schema::DdlType>
    };
    let sql_type = keys.sql_type.as_ref().map_or_else(
        || quote!(#kind::sql().into()),
        |sql_type| quote!(#sql_type.into()),
    );
    let was = text(keys.was.as_ref());
    let collation = text(keys.collation.as_ref());
    let default = text(keys.default.as_ref());
    let generated = text(keys.generated.as_ref());
    let identity = write_identity(keys.identity.as_ref().map(|(_, kind)| *kind));
    let comment = text(column.comment.as_ref());
    quote! {
        ColumnDefinition {
            name: #name.into(),
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

fn write_identity(identity: Option<Identity>) -> TokenStream {
    let kind = match identity {
        Some(Identity::Always) => quote!(Identity::Always),
        Some(Identity::ByDefault) => quote!(Identity::ByDefault),
        None => return quote!(None),
    };
    quote!(Some(IdentityDefinition {
        kind: #kind,
        sequence: None
    }))
}

/// Named as PostgreSQL names it.
fn write_primary_key(model: &Model, table: &str) -> TokenStream {
    let name = format!("{table}_pkey");
    let columns = texts(&model.primary_key_names());
    quote! {
        Some(KeyDefinition {
            name: #name.into(),
            columns: #columns,
            ..KeyDefinition::default()
        })
    }
}

fn write_unique(unique: &NamedUnique) -> TokenStream {
    let NamedUnique {
        name,
        nulls_not_distinct,
        ..
    } = unique;
    let columns = texts(&unique.columns);
    quote! {
        KeyDefinition {
            name: #name.into(),
            columns: #columns,
            nulls_not_distinct: #nulls_not_distinct,
            ..KeyDefinition::default()
        }
    }
}

fn write_index(index: &NamedIndex) -> TokenStream {
    let NamedIndex {
        name,
        method,
        unique,
        nulls_not_distinct,
        ..
    } = index;
    let keys = list(&index.keys, |key| {
        let ddl = &key.ddl;
        quote!(#ddl.into())
    });
    let include = texts(&index.include);
    let predicate = text(index.predicate.as_ref());
    quote! {
        IndexDefinition {
            name: #name.into(),
            method: #method.into(),
            unique: #unique,
            keys: #keys,
            include: #include,
            predicate: #predicate,
            nulls_not_distinct: #nulls_not_distinct,
            ..IndexDefinition::default()
        }
    }
}

fn write_check(check: &NamedCheck) -> TokenStream {
    let name = &check.name;
    let expression = match &check.condition {
        Condition::Sql(sql) => quote!(#sql.into()),
        Condition::LabelOf { rust, column } => {
            quote!(<#rust as ::tenant_schema::TenantEnum>::check(#column))
        }
    };
    quote! {
        CheckDefinition {
            name: #name.into(),
            expression: #expression,
            ..CheckDefinition::default()
        }
    }
}

fn write_foreign_key(foreign_key: &NamedForeignKey) -> TokenStream {
    let NamedForeignKey {
        name, reference, ..
    } = foreign_key;
    let columns = texts(&foreign_key.columns);
    let references_table = &reference.table;
    let references_columns = texts(&reference.columns);
    let on_delete = reference.on_delete;
    let on_update = reference.on_update;
    let deferrable = reference.deferrable;
    quote! {
        ForeignKeyDefinition {
            name: #name.into(),
            columns: #columns,
            references_table: #references_table.into(),
            references_columns: #references_columns,
            on_delete: #on_delete,
            on_update: #on_update,
            deferrable: #deferrable,
            ..ForeignKeyDefinition::default()
        }
    }
}

/// A `Vec` of what `write` makes of each item.
fn list<T>(items: &[T], write: impl Fn(&T) -> TokenStream) -> TokenStream {
    if items.is_empty() {
        return quote!(Vec::new());
    }
    let items = items.iter().map(write);
    quote!(Vec::from([#(#items),*]))
}

fn texts(values: &[String]) -> TokenStream {
    list(values, |value| quote!(#value.into()))
}

/// An `Option<String>`.
fn text(value: Option<&impl ToTokens>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value.into())))
}
