//! The model as a whole: the struct with `#[diesel(…)]` and `#[model(…)]`, read once and kept with its spans.

use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Ident, LitStr, Token, parenthesized};

use crate::argument::{Grammar, Key, flag, put, skip_argument, string};
use crate::column::Column;
use crate::doc_comment;
use crate::errors::Errors;
use crate::index::{INDEX, Index, UNIQUE_INDEX};
use crate::names;

/// Diesel is built for tables of so many columns (`32-column-tables`).
const MAX_COLUMNS: usize = 32;

/// A struct that defines a table.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) table: Ident,
    pub(crate) comment: Option<String>,
    pub(crate) columns: Vec<Column>,
    /// The names of all columns, also of those that could not be read.
    pub(crate) column_names: Vec<String>,
    /// The key named by hand; empty where it is `id`.
    pub(crate) primary_key: Vec<Ident>,
    pub(crate) keys: ModelKeys,
}

/// What `#[model(…)]` says.
#[derive(Default)]
pub(crate) struct ModelKeys {
    pub(crate) append_only: bool,
    pub(crate) checks: Vec<Check>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) was: Option<LitStr>,
}

/// A check over the columns of a row.
#[derive(Default)]
pub(crate) struct Check {
    pub(crate) expression: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
}

/// A foreign key of several columns.
#[derive(Default)]
pub(crate) struct ForeignKey {
    pub(crate) keyword: Option<Ident>,
    pub(crate) columns: Vec<Ident>,
    pub(crate) references: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
}

const MODEL: Grammar<ModelKeys> = Grammar {
    holder: "#[model(…)]",
    keys: &[
        Key::once("append_only", |keys, key, input| {
            flag(key, input)?;
            keys.append_only = true;
            Ok(())
        }),
        Key::repeated("check", |keys, key, input| {
            let check = if input.peek(Token![=]) {
                Check {
                    expression: Some(string(key, input)?),
                    name: None,
                }
            } else {
                CHECK.read_parenthesised(key, input)?
            };
            keys.checks.push(check);
            Ok(())
        }),
        Key::repeated("foreign_key", |keys, key, input| {
            let foreign_key = FOREIGN_KEY.read_parenthesised(key, input)?;
            let keyword = Some(key.clone());
            keys.foreign_keys.push(ForeignKey {
                keyword,
                ..foreign_key
            });
            Ok(())
        }),
        Key::repeated("index", |keys, key, input| {
            let index = INDEX.read_parenthesised(key, input)?;
            let keyword = Some(key.clone());
            keys.indexes.push(Index { keyword, ..index });
            Ok(())
        }),
        Key::repeated("unique", |keys, key, input| {
            let index = UNIQUE_INDEX.read_parenthesised(key, input)?;
            keys.indexes.push(Index {
                keyword: Some(key.clone()),
                unique: true,
                ..index
            });
            Ok(())
        }),
        Key::once("was", |keys, key, input| {
            put(&mut keys.was, string(key, input))
        }),
    ],
    positional: None,
};

const CHECK: Grammar<Check> = Grammar {
    holder: "check(…)",
    keys: &[Key::once("name", |check, key, input| {
        put(&mut check.name, string(key, input))
    })],
    positional: Some(|check, input| put(&mut check.expression, input.parse())),
};

const FOREIGN_KEY: Grammar<ForeignKey> = Grammar {
    holder: "foreign_key(…)",
    keys: &[
        Key::once("name", |foreign_key, key, input| {
            put(&mut foreign_key.name, string(key, input))
        }),
        Key::once("references", |foreign_key, key, input| {
            put(&mut foreign_key.references, string(key, input))
        }),
    ],
    positional: Some(|foreign_key, input| {
        foreign_key.columns.push(input.call(Ident::parse_any)?);
        Ok(())
    }),
};

impl Model {
    /// Reads the struct. Only what is no struct with named fields ends the reading; all else is noted.
    pub(crate) fn parse(input: &DeriveInput, errors: &mut Errors) -> syn::Result<Self> {
        let fields = named_fields(input)?;
        if !input.generics.params.is_empty() {
            errors.at(
                &input.generics,
                "a table has no type parameters or lifetimes",
            );
        }
        let diesel = DieselKeys::read(&input.attrs, errors);
        let keys = MODEL.read_attributes("model", &input.attrs, errors);
        let columns = fields
            .iter()
            .filter_map(|field| Column::parse(field, errors))
            .collect();
        let model = Self {
            ident: input.ident.clone(),
            table: diesel.table(&input.ident, errors),
            comment: doc_comment::read(&input.attrs),
            columns,
            column_names: fields.iter().filter_map(name).collect(),
            primary_key: diesel.primary_key,
            keys,
        };
        model.refuse_faults(errors);
        Ok(model)
    }

    fn refuse_faults(&self, errors: &mut Errors) {
        let count = self.column_names.len();
        if count > MAX_COLUMNS {
            let message = format!(
                "{count} columns are more than Diesel's {MAX_COLUMNS}\nhint: move some to a table of their own"
            );
            errors.at(&self.ident, message);
        }
        if let Some(was) = &self.keys.was
            && let Some(fault) = names::fault(&was.value())
        {
            errors.at(was, fault);
        }
        for key in &self.primary_key {
            let nullable = self.columns.iter().find(|column| *key == column.name);
            if nullable.is_some_and(|column| column.kind.nullable) {
                errors.at(
                    key,
                    format!("`{key}` is an `Option`, and a primary key has no NULL"),
                );
            }
        }
        if self.primary_key.is_empty() && !self.column_names.iter().any(|name| name == "id") {
            let message = "the table has no primary key: there is no field `id`\n\
                hint: name the key with `#[diesel(primary_key(note_id, tag_id))]`";
            errors.at(&self.ident, message);
        }
    }

    /// The names of the columns of the primary key, in order.
    pub(crate) fn primary_key_names(&self) -> Vec<String> {
        if self.primary_key.is_empty() {
            return vec!["id".to_owned()];
        }
        self.primary_key.iter().map(Ident::to_string).collect()
    }
}

fn name(field: &Field) -> Option<String> {
    field.ident.as_ref().map(Ident::to_string)
}

fn named_fields(input: &DeriveInput) -> syn::Result<&Punctuated<Field, Token![,]>> {
    const MESSAGE: &str =
        "`TenantModel` is derived for a struct with named fields: each field is a column";
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(&fields.named),
            _ => Err(syn::Error::new(input.ident.span(), MESSAGE)),
        },
        _ => Err(syn::Error::new(input.ident.span(), MESSAGE)),
    }
}

/// What `#[diesel(…)]` says to this derive. Diesel's own derives read the rest.
#[derive(Default)]
struct DieselKeys {
    table_name: Option<Ident>,
    primary_key: Vec<Ident>,
}

impl DieselKeys {
    fn read(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut keys = Self::default();
        for attribute in attributes.iter().filter(|a| a.path().is_ident("diesel")) {
            errors.keep(attribute.parse_nested_meta(|meta| keys.read_one(&meta)));
        }
        keys
    }

    fn read_one(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if meta.path.is_ident("table_name") {
            self.table_name = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("primary_key") {
            let content;
            parenthesized!(content in meta.input);
            let columns = content.parse_terminated(Ident::parse_any, Token![,])?;
            self.primary_key = columns.into_iter().collect();
        } else {
            skip_argument(meta.input)?;
        }
        Ok(())
    }

    /// The table's name. The struct's stands in for a missing one, which ends in an error anyway.
    fn table(&self, model: &Ident, errors: &mut Errors) -> Ident {
        let Some(table) = &self.table_name else {
            errors.at(
                model,
                "the table has no name\nhint: give it one with `#[diesel(table_name = notes)]`",
            );
            return model.clone();
        };
        if let Some(fault) = names::fault(&table.to_string()) {
            errors.at(table, fault);
        }
        table.clone()
    }
}
