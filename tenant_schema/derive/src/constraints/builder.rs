//! The builder of constraints: what the model asks for, and an index for each foreign key that has none.

use proc_macro2::Span;
use syn::{Ident, LitStr};

use super::{Condition, Constraints, NamedCheck, NamedForeignKey, NamedIndex, NamedUnique};
use crate::column::Column;
use crate::errors::Errors;
use crate::expression::{IndexKey, columns_in};
use crate::index::{Index, known};
use crate::model::{ForeignKey, Model};
use crate::names::Names;
use crate::reference::Reference;

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
            let condition = Condition::Sql(check.value());
            self.add_check(None, &columns, check.span(), condition);
        }
        for (bounds, sql) in [
            (&keys.length, format!("char_length({})", column.name)),
            (&keys.range, column.name.clone()),
        ] {
            if let Some(bounds) = bounds {
                let condition = Condition::Sql(bounds.sql(&sql));
                self.add_check(None, &columns, bounds.place(), condition);
            }
        }
        if let Some(is_enum) = &keys.is_enum {
            let condition = Condition::LabelOf {
                rust: column.value.clone(),
                column: column.name.clone(),
            };
            self.add_check(None, &columns, is_enum.span(), condition);
        }
        if let Some((literal, reference)) = &column.reference {
            self.reference(None, columns, reference.clone(), literal.span());
        }
    }

    fn index(&mut self, index: &Index) {
        let place = place_of(index.keyword.as_ref());
        self.refuse_faults(index, place);
        let Some(keys) = self.keys_of(index) else {
            return;
        };
        let columns: Vec<String> = keys.iter().flat_map(|key| key.columns.clone()).collect();
        let kind = if index.unique {
            Kind::Unique
        } else {
            Kind::Index
        };
        let name = self.take(index.name.as_ref(), &columns, kind, place);
        let nulls_not_distinct = index.nulls_not_distinct.is_some();
        if index.is_constraint() {
            self.found.uniques.push(NamedUnique {
                name,
                columns,
                nulls_not_distinct,
            });
            return;
        }
        let method = index.method.as_ref().map(Ident::to_string);
        let include = self.columns_of(&index.include);
        self.found.indexes.push(NamedIndex {
            name,
            method: method.unwrap_or_else(|| "btree".to_owned()),
            unique: index.unique,
            keys,
            include,
            predicate: index.predicate.as_ref().map(LitStr::value),
            nulls_not_distinct,
        });
    }

    /// The keys of an index, if there is nothing wrong with any.
    fn keys_of(&mut self, index: &Index) -> Option<Vec<IndexKey>> {
        let written = index.keys.iter();
        let keys: Vec<IndexKey> = written
            .filter_map(|key| key.resolve(&self.model.column_names, self.errors))
            .collect();
        (keys.len() == index.keys.len()).then_some(keys)
    }

    /// The columns that an attribute names, as far as the table has them.
    fn columns_of(&mut self, written: &[Ident]) -> Vec<String> {
        (written.iter())
            .filter_map(|column| known(column, &self.model.column_names, self.errors))
            .collect()
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
        let condition = Condition::Sql(expression.value());
        self.add_check(by_hand, &[], expression.span(), condition);
    }

    fn add_check(
        &mut self,
        by_hand: Option<&LitStr>,
        columns: &[String],
        place: Span,
        condition: Condition,
    ) {
        let name = self.take(by_hand, columns, Kind::Check, place);
        self.found.checks.push(NamedCheck { name, condition });
    }

    fn foreign_key(&mut self, foreign_key: &ForeignKey) {
        let place = place_of(foreign_key.keyword.as_ref());
        let columns = self.columns_of(&foreign_key.columns);
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

/// Where an attribute stands.
fn place_of(keyword: Option<&Ident>) -> Span {
    keyword.map_or_else(Span::call_site, Ident::span)
}
