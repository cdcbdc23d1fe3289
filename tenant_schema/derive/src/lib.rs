//! `#[derive(TenantModel)]` and `#[derive(TenantEnum)]`: a Rust type is the only statement of a table or of its labels.
//!
//! Each derive reads its input into one value that keeps the spans, reports every mistake at once, and only then writes
//! code. What the attributes mean is told here; what the written code fills is `tenant_schema::definition`.

mod argument;
mod bounds;
mod column;
mod column_type;
mod constraints;
mod definition;
mod doc_comment;
mod errors;
mod expression;
mod index;
mod model;
mod names;
mod reference;
mod resource;
mod table_macro;
mod tenant_enum;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use quote::quote;

/// Makes a struct the one definition of a tenant table.
///
/// Beside the struct it writes Diesel's `table!`, a `joinable!` for each table that one column references by its `id`
/// (that table's module must be in scope), and the struct's `TenantModel`.
///
/// # The struct
/// `#[diesel(table_name = notes)]` names the table. `#[diesel(primary_key(a, b))]` names its key, `id` otherwise. The doc
/// comment becomes the table's comment. `#[model(…)]` takes:
///
/// | key | meaning |
/// |---|---|
/// | `index(a, "lower(b) desc", …)` | an index; options `unique`, `where = "…"`, `using = gin`, `include(c)`, `nulls_not_distinct`, `name = "…"` |
/// | `unique(a, b, …)` | a unique constraint, or a unique index where it has an expression or `where = "…"`; options `include(c)`, `nulls_not_distinct`, `name = "…"` |
/// | `check = "…"`, `check("…", name = "…")` | a check over several columns |
/// | `foreign_key(a, b, references = "t(x, y)", name = "…")` | a foreign key of several columns |
/// | `was = "old"` | the table's former name |
/// | `append_only` | rows are read and added, never changed |
///
/// # The fields
/// The type gives the column's type and whether it admits NULL. The doc comment becomes the column's comment.
/// `#[column(…)]` takes:
///
/// | key | meaning |
/// |---|---|
/// | `default = "…"` | SQL expression of the default |
/// | `references = "users(id) on delete cascade"` | a foreign key, with `on update …` and `deferrable initially deferred` where wanted |
/// | `unique`, `index` | of this column alone |
/// | `check = "…"` | SQL condition |
/// | `generated = "…"` | SQL expression of a stored generated column |
/// | `identity`, `identity = "by default"` | an identity column |
/// | `length(1, 200)` | least and most characters of a text |
/// | `range(1, 5)` | least and greatest value of a number |
/// | `enum` | the type derives `TenantEnum`: text, checked to be one of its labels |
/// | `sql_type = "varchar(40)"` | the type in DDL, where Diesel's own is too wide |
/// | `diesel_type = "diesel::sql_types::Json"` | Diesel's type of the value, where the Rust type does not tell it; an `Option` adds `Nullable` to it |
/// | `collation = "C"` | the collation |
/// | `was = "old"` | the column's former name |
///
/// A foreign key gets an index of its own unless an index, a unique constraint or the primary key begins with its columns.
#[proc_macro_derive(TenantModel, attributes(model, column, diesel))]
pub fn derive_tenant_model(input: TokenStream) -> TokenStream {
    derive_tenant_model_inner(input.into()).into()
}

fn derive_tenant_model_inner(input: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    write_tenant_model(input).unwrap_or_else(|error| error.to_compile_error())
}

fn write_tenant_model(input: proc_macro2::TokenStream) -> syn::Result<proc_macro2::TokenStream> {
    let mut errors = errors::Errors::default();
    let model = model::Model::parse(&syn::parse2(input)?, &mut errors)?;
    let constraints = constraints::Constraints::of(&model, &mut errors);
    errors.finish(())?;
    let table = table_macro::write(&model, &constraints);
    let definition = definition::write(&model, &constraints);
    Ok(quote! { #table #definition })
}

/// Makes a `TenantModel` a plain resource of the API: see `tenant_schema::resource::Resource`, which it implements.
///
/// Beside the struct it writes the bodies `New…` and `…Changes`, `…Filter` and `…SortKey`, and the queries. Clients give every
/// column but `id`, `created_at`, `updated_at`, `deleted_at`, generated ones, and those that say `author` or `read_only`. What a
/// body may hold follows from `#[column(…)]`: `length`, `range` and `enum` are checked there as in the database.
///
/// # The struct
/// `#[resource(…)]` takes:
///
/// | key | meaning |
/// |---|---|
/// | `path = "/tools/notes"` | where it is mounted; the last part is the resource of its permissions |
/// | `order = "-created_at"` | the order of a list that nobody asked to sort, `created_at` where it is absent |
/// | `record = "notable"` | it hangs on the record that `notable_type` and `notable_id` name |
/// | `blame("…_check", field, "…")` | the field to blame for a violated constraint, and what to tell |
///
/// # The fields
/// `#[resource(…)]` takes:
///
/// | key | meaning |
/// |---|---|
/// | `filter` | lists can be filtered by it; a time by `<field>_from` and `<field>_to` |
/// | `sort` | lists can be sorted by it; a text regardless of case |
/// | `search` | `?q=` looks into it |
/// | `multiline` | the text may have several lines |
/// | `default` | where it is not given, it is the `Default` of its type |
/// | `later` | it is not given when one is made, and can be changed |
/// | `secret` | a `Secret`: sealed before it is kept, and never shown |
/// | `author` | the user who makes it |
/// | `read_only` | clients see it, and do not give it |
/// | `example = "…"` | a value that fits, for the documentation |
/// | `check = "path"` | a function that tells what is wrong with a value |
#[proc_macro_derive(Resource, attributes(resource, column, diesel))]
pub fn derive_resource(input: TokenStream) -> TokenStream {
    derive_resource_inner(input.into()).into()
}

fn derive_resource_inner(input: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    write_resource(input).unwrap_or_else(|error| error.to_compile_error())
}

fn write_resource(input: proc_macro2::TokenStream) -> syn::Result<proc_macro2::TokenStream> {
    let mut errors = errors::Errors::default();
    let resource = resource::Resource::parse(&syn::parse2(input)?, &mut errors)?;
    errors.finish(())?;
    Ok(resource.write())
}

/// Makes a fieldless enum the type of a text column: each variant is stored as its name in `snake_case`.
///
/// A column of that type says `#[column(enum)]`, which adds the check that admits these labels alone. Diesel asks for `Debug`
/// on what it binds.
#[proc_macro_derive(TenantEnum)]
pub fn derive_tenant_enum(input: TokenStream) -> TokenStream {
    derive_tenant_enum_inner(input.into()).into()
}

fn derive_tenant_enum_inner(input: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    let written = syn::parse2(input)
        .and_then(|input| tenant_enum::TenantEnum::parse(&input))
        .map(|parsed| tenant_enum::write(&parsed));
    written.unwrap_or_else(|error| error.to_compile_error())
}
