//! `#[derive(Resource)]`: a model with `#[resource(…)]`, read once; what it becomes is in the files below.

mod bodies;
mod lists;
mod queries;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Ident, LitStr, Token, parenthesized, token};

use crate::argument::{Grammar, Key, flag, put, string};
use crate::column::Column;
use crate::errors::{Errors, list};
use crate::model::Model;

/// Columns that the server alone writes.
const OWN: [&str; 4] = ["id", "created_at", "updated_at", "deleted_at"];

/// A model that the API offers as a plain resource.
pub(crate) struct Resource {
    ident: Ident,
    table: Ident,
    fields: Vec<Field>,
    keys: ResourceKeys,
    path: String,
}

/// One column with what `#[resource(…)]` says of it.
struct Field {
    column: Column,
    keys: FieldKeys,
}

#[derive(Default)]
struct ResourceKeys {
    path: Option<LitStr>,
    order: Option<LitStr>,
    record: Option<LitStr>,
    blames: Vec<Blame>,
}

/// A constraint, the field to blame for its violation, and what to tell.
struct Blame {
    constraint: LitStr,
    field: Ident,
    message: LitStr,
}

#[derive(Default)]
struct FieldKeys {
    author: Option<Ident>,
    check: Option<LitStr>,
    default: Option<Ident>,
    example: Option<LitStr>,
    filter: Option<Ident>,
    later: Option<Ident>,
    multiline: Option<Ident>,
    read_only: Option<Ident>,
    search: Option<Ident>,
    secret: Option<Ident>,
    sort: Option<Ident>,
}

const RESOURCE: Grammar<ResourceKeys> = Grammar {
    holder: "#[resource(…)]",
    keys: &[
        Key::repeated("blame", |keys, key, input| {
            keys.blames.push(Blame::parse(key, input)?);
            Ok(())
        }),
        Key::once("order", |keys, key, input| {
            put(&mut keys.order, string(key, input))
        }),
        Key::once("path", |keys, key, input| {
            put(&mut keys.path, string(key, input))
        }),
        Key::once("record", |keys, key, input| {
            put(&mut keys.record, string(key, input))
        }),
    ],
    positional: None,
};

const FIELD: Grammar<FieldKeys> = Grammar {
    holder: "#[resource(…)]",
    keys: &[
        Key::once("author", |keys, key, input| {
            put(&mut keys.author, flag(key, input))
        }),
        Key::once("check", |keys, key, input| {
            put(&mut keys.check, string(key, input))
        }),
        Key::once("default", |keys, key, input| {
            put(&mut keys.default, flag(key, input))
        }),
        Key::once("example", |keys, key, input| {
            put(&mut keys.example, string(key, input))
        }),
        Key::once("filter", |keys, key, input| {
            put(&mut keys.filter, flag(key, input))
        }),
        Key::once("later", |keys, key, input| {
            put(&mut keys.later, flag(key, input))
        }),
        Key::once("multiline", |keys, key, input| {
            put(&mut keys.multiline, flag(key, input))
        }),
        Key::once("read_only", |keys, key, input| {
            put(&mut keys.read_only, flag(key, input))
        }),
        Key::once("search", |keys, key, input| {
            put(&mut keys.search, flag(key, input))
        }),
        Key::once("secret", |keys, key, input| {
            put(&mut keys.secret, flag(key, input))
        }),
        Key::once("sort", |keys, key, input| {
            put(&mut keys.sort, flag(key, input))
        }),
    ],
    positional: None,
};

impl Resource {
    /// Reads the struct. Mistakes in what makes it a table are told by `TenantModel`, and once.
    pub(crate) fn parse(input: &DeriveInput, errors: &mut Errors) -> syn::Result<Self> {
        let model = Model::parse(input, &mut Errors::default())?;
        let keys = RESOURCE.read_attributes("resource", &input.attrs, errors);
        let fields = model
            .columns
            .into_iter()
            .map(|column| Field {
                keys: FIELD.read_attributes("resource", attributes(input, &column.field), errors),
                column,
            })
            .collect();
        let path = keys.path.as_ref().map(LitStr::value).unwrap_or_default();
        let resource = Self {
            ident: model.ident,
            table: model.table,
            fields,
            keys,
            path,
        };
        resource.refuse_faults(errors);
        Ok(resource)
    }

    fn refuse_faults(&self, errors: &mut Errors) {
        if !self.path.starts_with('/') {
            let message =
                "the resource has no path\nhint: say `#[resource(path = \"/tools/notes\")]`";
            errors.at(&self.ident, message);
        }
        for name in OWN {
            if self.field(name).is_none() {
                let message = format!(
                    "a resource has the columns {}: `{name}` is missing",
                    list(OWN)
                );
                errors.at(&self.ident, message);
            }
        }
        for field in self.given() {
            field.refuse_faults(errors);
        }
        self.refuse_unknown_fields(errors);
        self.refuse_unsorted_order(errors);
    }

    /// Fields that blames and the record name.
    fn refuse_unknown_fields(&self, errors: &mut Errors) {
        for blame in &self.keys.blames {
            if self.field(&blame.field.to_string()).is_none() {
                errors.at(&blame.field, format!("there is no field `{}`", blame.field));
            }
        }
        if let Some(record) = &self.keys.record {
            for part in ["type", "id"] {
                let name = format!("{}_{part}", record.value());
                if self.field(&name).is_none() {
                    errors.at(record, format!("there is no field `{name}`"));
                }
            }
        }
    }

    fn refuse_unsorted_order(&self, errors: &mut Errors) {
        let (order, _) = self.order();
        if self.field(&order).is_none_or(|field| !field.is_sorted()) {
            let place = self
                .keys
                .order
                .as_ref()
                .map_or(self.ident.span(), LitStr::span);
            let message = format!("`{order}` is no field that lists are sorted by");
            errors.add(syn::Error::new(place, message));
        }
    }

    /// Everything that the derive stands for.
    pub(crate) fn write(&self) -> TokenStream {
        let bodies = bodies::write(self);
        let lists = lists::write(self);
        let queries = queries::write(self);
        quote! { #bodies #lists #queries }
    }

    /// The fields that clients give when they make one.
    fn given_first(&self) -> impl Iterator<Item = &Field> {
        self.given().filter(|field| field.keys.later.is_none())
    }

    /// The secrets among the fields.
    fn secrets(&self) -> impl Iterator<Item = &Field> {
        self.fields
            .iter()
            .filter(|field| field.keys.secret.is_some())
    }

    /// The fields that clients give, at first or later.
    fn given(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.is_given())
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.column.name == name)
    }

    /// The column that lists are sorted by at first, and whether downwards.
    fn order(&self) -> (String, bool) {
        let order = self.keys.order.as_ref().map(LitStr::value);
        let order = order.unwrap_or_else(|| "created_at".to_owned());
        match order.strip_prefix('-') {
            Some(name) => (name.to_owned(), true),
            None => (order, false),
        }
    }

    /// What permissions call it: the last part of its path.
    fn name(&self) -> String {
        let last = self.path.rsplit('/').next().unwrap_or_default();
        last.replace('-', "_")
    }

    /// The type of what is given to make one.
    fn new_ident(&self) -> Ident {
        format_ident!("New{}", self.ident)
    }

    fn changes_ident(&self) -> Ident {
        format_ident!("{}Changes", self.ident)
    }

    fn filter_ident(&self) -> Ident {
        format_ident!("{}Filter", self.ident)
    }

    fn sort_key_ident(&self) -> Ident {
        format_ident!("{}SortKey", self.ident)
    }
}

impl Field {
    fn is_given(&self) -> bool {
        let keys = &self.keys;
        !OWN.contains(&self.column.name.as_str())
            && self.column.keys.generated.is_none()
            && keys.author.is_none()
            && keys.read_only.is_none()
    }

    /// Whether lists can be sorted by it. When a record was made always counts.
    fn is_sorted(&self) -> bool {
        self.keys.sort.is_some() || self.column.name == "created_at"
    }

    fn is_text(&self) -> bool {
        self.column.value.to_string() == "String"
    }

    /// Any JSON is an object to clients: a field of ours has names.
    fn is_object(&self) -> bool {
        self.column.value.to_string() == "Value"
    }

    fn is_time(&self) -> bool {
        self.column.value.to_string().starts_with("DateTime")
    }

    /// What the documentation says of it.
    fn comment(&self) -> String {
        self.column.comment.clone().unwrap_or_default()
    }

    fn refuse_faults(&self, errors: &mut Errors) {
        let place = &self.column.field;
        if self.is_text() && self.column.keys.length.is_none() {
            let message =
                "a text that clients give has a length\nhint: say `#[column(length(1, 200))]`";
            errors.at(place, message);
        }
        if let (Some(default), true) = (&self.keys.default, self.column.kind.nullable) {
            errors.at(default, "an `Option` is none where it is not given");
        }
    }
}

impl Blame {
    fn parse(key: &Ident, input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(token::Paren) {
            let message = "`blame` takes a constraint, a field and a message: `blame(\"notes_title_key\", title, \"is taken\")`";
            return Err(syn::Error::new(key.span(), message));
        }
        let content;
        parenthesized!(content in input);
        let constraint = content.parse()?;
        content.parse::<Token![,]>()?;
        let field = content.parse()?;
        content.parse::<Token![,]>()?;
        let message = content.parse()?;
        Ok(Self {
            constraint,
            field,
            message,
        })
    }
}

fn attributes<'a>(input: &'a DeriveInput, field: &Ident) -> &'a [Attribute] {
    let Data::Struct(data) = &input.data else {
        return &[];
    };
    let found = data
        .fields
        .iter()
        .find(|known| known.ident.as_ref() == Some(field));
    found.map_or(&[], |field| &field.attrs)
}
