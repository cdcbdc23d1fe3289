//! Writes Diesel's `table!` and `joinable!` of a model.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::column::Column;
use crate::constraints::{Constraints, NamedForeignKey};
use crate::model::Model;

pub(crate) fn write(model: &Model, constraints: &Constraints) -> TokenStream {
    let table = &model.table;
    let comment = match &model.comment {
        Some(comment) => comment.clone(),
        None => format!("The table `{table}`."),
    };
    let primary_key = model.primary_key_names();
    let primary_key = primary_key.iter().map(|name| format_ident!("{name}"));
    let columns = model
        .columns
        .iter()
        .map(|column| write_column(model, column));
    let joinables = joinable(model, constraints).map(|foreign_key| {
        let parent = format_ident!("{}", foreign_key.reference.table);
        let columns = foreign_key
            .columns
            .iter()
            .map(|name| format_ident!("{name}"));
        quote! { ::diesel::joinable!(#table -> #parent (#(#columns),*)); }
    });
    quote! {
        ::diesel::table! {
            #[doc = #comment]
            #table (#(#primary_key),*) {
                #(#columns)*
            }
        }
        #(#joinables)*
    }
}

fn write_column(model: &Model, column: &Column) -> TokenStream {
    let Column { field, name, .. } = column;
    let comment = match &column.comment {
        Some(comment) => comment.clone(),
        None => format!("The column `{name}` of `{}`.", model.table),
    };
    let kind = &column.kind.diesel;
    quote! {
        #[doc = #comment]
        #field -> #kind,
    }
}

/// Diesel joins two tables by one foreign key, from one column to the other's primary key. Where a table is referenced
/// twice, or is the table itself, a query says `on(…)`.
fn joinable<'a>(
    model: &'a Model,
    constraints: &'a Constraints,
) -> impl Iterator<Item = &'a NamedForeignKey> {
    let foreign_keys = &constraints.foreign_keys;
    foreign_keys.iter().filter(move |foreign_key| {
        let reference = &foreign_key.reference;
        let references = foreign_keys
            .iter()
            .filter(|other| other.reference.table == reference.table)
            .count();
        references == 1 && reference.columns == ["id"] && model.table != reference.table
    })
}
