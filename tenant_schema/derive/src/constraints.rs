//! Keys, indexes and checks of one table with their names, as they follow from the model.

use proc_macro2::{Span, TokenStream};
use syn::{Ident, LitStr};

use crate::column::Column;
use crate::errors::Errors;
use crate::expression::{IndexKey, columns_in};
use crate::index::{Index, known};
use crate::model::{ForeignKey, Model};
use crate::names::Names;
use crate::reference::Reference;

/// Everything about a table that has a name of its own.
pub(crate) struct Constraints {
    pub(crate) uniques: Vec<NamedUnique>,
    pub(crate) indexes: Vec<NamedIndex>,
    pub(crate) checks: Vec<NamedCheck>,
    pub(crate) foreign_keys: Vec<NamedForeignKey>,
}

/// A unique constraint.
pub(crate) struct NamedUnique {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) nulls_not_distinct: bool,
}

/// An index that no constraint owns.
pub(crate) struct NamedIndex {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) unique: bool,
    pub(crate) keys: Vec<IndexKey>,
    pub(crate) include: Vec<String>,
    pub(crate) predicate: Option<String>,
    pub(crate) nulls_not_distinct: bool,
}

/// A check constraint.
pub(crate) struct NamedCheck {
    pub(crate) name: String,
    pub(crate) condition: Condition,
}

/// What a check demands.
pub(crate) enum Condition {
    Sql(String),
    /// The column holds a label of this enum.
    LabelOf {
        rust: TokenStream,
        column: String,
    },
}

/// A foreign key.
pub(crate) struct NamedForeignKey {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) reference: Reference,
    place: Span,
}

impl Constraints {
    /// Names everything, and gives an index to each foreign key that has none.
    pub(crate) fn of(model: &Model, errors: &mut Errors) -> Self {
        let mut builder = Builder {
            model,
            names: Names::default(),
            errors,
            found: Self {
                uniques: Vec::new(),
                indexes: Vec::new(),
                checks: Vec::new(),
                foreign_keys: Vec::new(),
            },
        };
        builder.primary_key();
        for column in &model.columns {
            builder.column(column);
        }
        for index in &model.keys.indexes {
            builder.index(index);
        }
        for check in &model.keys.checks {
            builder.check(check.expression.as_ref(), check.name.as_ref());
        }
        for foreign_key in &model.keys.foreign_keys {
            builder.foreign_key(foreign_key);
        }
        builder.index_foreign_keys();
        builder.found
    }
}

struct Builder<'a> {
    model: &'a Model,
    names: Names,
    errors: &'a mut Errors,
    found: Constraints,
}

impl Builder<'_> {
    fn primary_key(&mut self) {
        for column in &self.model.primary_key {
            known(column, &self.model.column_names, self.errors);
        }
        self.take(None, &[], Kind::PrimaryKey, self.model.table.span());
    }

    /// What one column's own keys ask for.
    fn column(&mut self, column: &Column) {
        let columns = vec![column.name.clone()];
        let keys = &column.keys;
        if let Some(unique) = &keys.unique {
            let name = self.take(None, &columns, Kind::Unique, unique.span());
            self.found.uniques.push(NamedUnique {
                name,
                columns: columns.clone(),
                nulls_not_distinct: false,
            });
        }
        if let Some(index) = &keys.index {
            self.plain_index(&columns, index.span());
        }
        if let Some(check) = &keys.check {
            let name = self.take(None, &columns, Kind::Check, check.span());
            let condition = Condition::Sql(check.value());
            self.found.checks.push(NamedCheck { name, condition });
        }
        for (bounds, sql) in [
            (&keys.length, format!("char_length({})", column.name)),
            (&keys.range, column.name.clone()),
        ] {
            if let Some(bounds) = bounds {
                let name = self.take(None, &columns, Kind::Check, bounds.place());
                let condition = Condition::Sql(bounds.sql(&sql));
                self.found.checks.push(NamedCheck { name, condition });
            }
        }
        if let Some(is_enum) = &keys.is_enum {
            let name = self.take(None, &columns, Kind::Check, is_enum.span());
            let condition = Condition::LabelOf {
                rust: column.value.clone(),
                column: column.name.clone(),
            };
            self.found.checks.push(NamedCheck { name, condition });
        }
        if let Some((literal, reference)) = &column.reference {
            self.reference(None, columns, reference.clone(), literal.span());
        }
    }

    fn index(&mut self, index: &Index) {
        let place = index
            .keyword
            .as_ref()
            .map_or_else(Span::call_site, Ident::span);
        let is_constraint = index.is_constraint();
        self.refuse_faults(index, place);
        let keys: Vec<IndexKey> = index
            .keys
            .iter()
            .filter_map(|key| key.resolve(&self.model.column_names, self.errors))
            .collect();
        if keys.len() < index.keys.len() {
            return;
        }
        let columns: Vec<String> = keys.iter().flat_map(|key| key.columns.clone()).collect();
        let kind = if index.unique {
            Kind::Unique
        } else {
            Kind::Index
        };
        let name = self.take(index.name.as_ref(), &columns, kind, place);
        let nulls_not_distinct = index.nulls_not_distinct.is_some();
        if is_constraint {
            self.found.uniques.push(NamedUnique {
                name,
                columns,
                nulls_not_distinct,
            });
            return;
        }
        let include = index
            .include
            .iter()
            .filter_map(|column| known(column, &self.model.column_names, self.errors))
            .collect();
        self.found.indexes.push(NamedIndex {
            name,
            method: index
                .method
                .as_ref()
                .map_or_else(|| "btree".to_owned(), Ident::to_string),
            unique: index.unique,
            keys,
            include,
            predicate: index.predicate.as_ref().map(LitStr::value),
            nulls_not_distinct,
        });
    }

    fn refuse_faults(&mut self, index: &Index, place: Span) {
        if index.keys.is_empty() {
            let message = "the index names no column: write `index(title, \"created_at desc\")`";
            self.errors.add(syn::Error::new(place, message));
        }
        if let Some(flag) = index.nulls_not_distinct.as_ref().filter(|_| !index.unique) {
            self.errors
                .at(flag, "`nulls_not_distinct` is for unique indexes");
        }
        if let Some(method) = index
            .method
            .as_ref()
            .filter(|method| index.unique && *method != "btree")
        {
            self.errors.at(
                method,
                format!("a `{method}` index cannot be unique; only `btree` can"),
            );
        }
        if let Some(predicate) = &index.predicate
            && columns_in(&predicate.value(), &self.model.column_names).is_empty()
        {
            let message = "the condition names no column of this table";
            self.errors.at(predicate, message);
        }
    }

    fn check(&mut self, expression: Option<&LitStr>, by_hand: Option<&LitStr>) {
        let Some(expression) = expression else {
            let place = by_hand.map_or_else(Span::call_site, LitStr::span);
            let message =
                "the check has no condition: write `check(\"starts_at < ends_at\", name = \"…\")`";
            self.errors.add(syn::Error::new(place, message));
            return;
        };
        let name = self.take(by_hand, &[], Kind::Check, expression.span());
        let condition = Condition::Sql(expression.value());
        self.found.checks.push(NamedCheck { name, condition });
    }

    fn foreign_key(&mut self, foreign_key: &ForeignKey) {
        let place = foreign_key
            .keyword
            .as_ref()
            .map_or_else(Span::call_site, Ident::span);
        let columns: Vec<String> = foreign_key
            .columns
            .iter()
            .filter_map(|column| known(column, &self.model.column_names, self.errors))
            .collect();
        let Some(literal) = &foreign_key.references else {
            let message = "the foreign key points nowhere: write `foreign_key(a, b, references = \"table(x, y)\")`";
            self.errors.add(syn::Error::new(place, message));
            return;
        };
        if let Some(reference) = self.errors.keep(Reference::parse(literal)) {
            self.reference(
                foreign_key.name.as_ref(),
                columns,
                reference,
                literal.span(),
            );
        }
    }

    fn reference(
        &mut self,
        by_hand: Option<&LitStr>,
        columns: Vec<String>,
        reference: Reference,
        place: Span,
    ) {
        let (here, there) = (columns.len(), reference.columns.len());
        if here != there {
            let message = format!("{here} columns cannot reference {there}");
            self.errors.add(syn::Error::new(place, message));
        }
        let name = self.take(by_hand, &columns, Kind::ForeignKey, place);
        self.found.foreign_keys.push(NamedForeignKey {
            name,
            columns,
            reference,
            place,
        });
    }

    /// Without an index, deleting one referenced row reads this whole table.
    fn index_foreign_keys(&mut self) {
        let bare: Vec<(Vec<String>, Span)> = self
            .found
            .foreign_keys
            .iter()
            .filter(|foreign_key| !self.is_indexed(&foreign_key.columns))
            .map(|foreign_key| (foreign_key.columns.clone(), foreign_key.place))
            .collect();
        for (columns, place) in bare {
            if !self.is_indexed(&columns) {
                self.plain_index(&columns, place);
            }
        }
    }

    /// Whether something that covers every row begins with `columns`, in any order.
    fn is_indexed(&self, columns: &[String]) -> bool {
        let begins = |keys: &[&str]| {
            keys.get(..columns.len())
                .is_some_and(|head| columns.iter().all(|column| head.contains(&column.as_str())))
        };
        let primary_key = self.model.primary_key_names();
        let uniques = self.found.uniques.iter().map(|unique| &unique.columns);
        let mut constraints = uniques.chain(std::iter::once(&primary_key));
        constraints.any(|keys| begins(&keys.iter().map(String::as_str).collect::<Vec<_>>()))
            || self.found.indexes.iter().any(|index| {
                index.predicate.is_none()
                    && index.method == "btree"
                    && begins(&index.leading_columns())
            })
    }

    fn plain_index(&mut self, columns: &[String], place: Span) {
        let name = self.take(None, columns, Kind::Index, place);
        self.found.indexes.push(NamedIndex {
            name,
            method: "btree".to_owned(),
            unique: false,
            keys: columns
                .iter()
                .map(|column| IndexKey::column(column))
                .collect(),
            include: Vec::new(),
            predicate: None,
            nulls_not_distinct: false,
        });
    }

    /// Takes the name written by hand, or `table_columns_kind`.
    fn take(
        &mut self,
        by_hand: Option<&LitStr>,
        columns: &[String],
        kind: Kind,
        place: Span,
    ) -> String {
        if let Some(literal) = by_hand {
            return self.names.take(literal, self.errors);
        }
        let table = self.model.table.to_string();
        let columns = columns.iter().map(String::as_str);
        let parts: Vec<&str> = std::iter::once(table.as_str())
            .chain(columns)
            .chain(std::iter::once(kind.suffix()))
            .collect();
        let name = parts.join("_");
        self.names
            .take_derived(name, kind.form(), place, self.errors)
    }
}

/// What a name is for.
#[derive(Clone, Copy)]
enum Kind {
    PrimaryKey,
    Unique,
    Index,
    Check,
    ForeignKey,
}

impl Kind {
    /// The last word of a derived name, as PostgreSQL itself would choose it.
    fn suffix(self) -> &'static str {
        match self {
            Self::PrimaryKey => "pkey",
            Self::Unique => "key",
            Self::Index => "idx",
            Self::Check => "check",
            Self::ForeignKey => "fkey",
        }
    }

    /// The key of `#[model(…)]` that gives such a thing a name by hand.
    fn form(self) -> &'static str {
        match self {
            Self::PrimaryKey | Self::Unique => "unique",
            Self::Index => "index",
            Self::Check => "check",
            Self::ForeignKey => "foreign_key",
        }
    }
}

impl NamedIndex {
    /// The columns before the first expression.
    fn leading_columns(&self) -> Vec<&str> {
        self.keys
            .iter()
            .take_while(|key| key.is_column)
            .filter_map(|key| key.columns.first().map(String::as_str))
            .collect()
    }
}
