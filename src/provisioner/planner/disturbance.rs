//! Disturbances: what a change of a column, key or enum type forces to go first. It is dropped here and taken out of the
//! working copy; what the desired structure still has of it is built again by those who build such things.

use std::ops::Range;

use tenant_schema::definition::{
    ColumnDefinition, ForeignKeyDefinition, IndexDefinition, KeyDefinition, TableDefinition,
};

use super::super::introspect::Use;
use super::constraints::Constraint as _;
use super::keys::KeyKind;
use super::part::Part;
use super::{Planner, type_change};

impl Planner<'_> {
    /// Finds the columns that get another type or are made anew, and drops what is in their way.
    pub(super) fn disturb(&mut self) {
        let tables = self.tables_that_stay();
        for (before, after) in &tables {
            for column in &after.columns {
                let known = before.column(&column.name);
                if !known.is_some_and(|known| self.changes_type(before, known, column)) {
                    continue;
                }
                if self.can_have_a_shadow(before, after, column) {
                    let key = (before.name.clone(), column.name.clone());
                    self.shadowed.insert(key);
                } else {
                    self.mark(&before.name, &column.name);
                }
            }
        }
        let remade: Vec<_> = tables
            .iter()
            .flat_map(|(before, after)| self.columns_to_remake(before, after))
            .collect();
        for (table, column) in &remade {
            self.mark(table, column);
        }
        for (before, after) in &tables {
            let remade: Vec<&str> = (remade.iter().filter(|(table, _)| *table == before.name))
                .map(|(_, column)| column.as_str())
                .collect();
            self.drop_disturbed_parts(before, after, &remade);
        }
        self.drop_disturbed_foreign_keys();
        for (table, column) in &remade {
            self.drop_column_to_remake(table, column);
        }
    }

    /// Whether a column changes its type or is made anew.
    pub(super) fn is_disturbed(&self, table: &str, column: &str) -> bool {
        let key = (table.to_owned(), column.to_owned());
        self.disturbed.contains(&key)
    }

    fn mark(&mut self, table: &str, column: &str) {
        self.disturbed.insert((table.to_owned(), column.to_owned()));
    }

    fn changes_type(
        &self,
        table: &TableDefinition,
        before: &ColumnDefinition,
        after: &ColumnDefinition,
    ) -> bool {
        type_change::differs(before, after)
            || self.uses_remade_enum(&table.name, "column", &before.name)
    }

    /// Whether a part of a table depends on an enum type that is made anew.
    pub(super) fn uses_remade_enum(&self, table: &str, part: &str, name: &str) -> bool {
        self.uses_of(table, part, name)
            .any(|used| used.kind == "enum" && self.remade_enums.contains(&used.uses))
    }

    fn uses_of(&self, table: &str, part: &str, name: &str) -> impl Iterator<Item = &Use> {
        (self.renamed.uses.iter()).filter(move |used| used.is_of(table, part, name))
    }

    /// Generated columns with another expression, type or source, which PostgreSQL before 17 cannot change in place, and
    /// those that go while their source changes its type, which they would not let it.
    fn columns_to_remake(
        &self,
        before: &TableDefinition,
        after: &TableDefinition,
    ) -> Vec<(String, String)> {
        let table = &before.name;
        let becomes_generated = |name: &str| {
            let was_plain = before
                .column(name)
                .is_some_and(|column| column.generated.is_none());
            let column = after.column(name);
            was_plain && column.is_some_and(|column| column.generated.is_some())
        };
        let source_changes = |name: &str| {
            let mut sources = self.uses_of(table, "generated", name);
            sources.any(|used| {
                let changes = self.is_disturbed(table, &used.uses) || becomes_generated(&used.uses);
                used.kind == "column" && changes
            })
        };
        let must = |known: &&ColumnDefinition| {
            let was_generated = known.generated.is_some();
            let Some(column) = after.column(&known.name) else {
                return was_generated && source_changes(&known.name);
            };
            let differs = known.generated != column.generated
                || self.is_disturbed(table, &column.name)
                || self.uses_remade_enum(table, "generated", &column.name)
                || source_changes(&column.name);
            column.generated.is_some() && differs
        };
        // Those that are generated go before those that they are made from.
        let mut columns: Vec<_> = before.columns.iter().filter(must).collect();
        columns.sort_by_key(|column| column.generated.is_none());
        let name = |column: &ColumnDefinition| (table.clone(), column.name.clone());
        columns.into_iter().map(name).collect()
    }

    fn drop_disturbed_parts(
        &mut self,
        before: &TableDefinition,
        after: &TableDefinition,
        remade: &[&str],
    ) {
        let table = &before.name;
        for check in &before.checks {
            let stays = same(&after.checks, check).is_some();
            let is_disturbed = self.mentions_disturbed(table, &check.expression);
            if self.uses_remade_enum(table, "check", &check.name)
                || remade
                    .iter()
                    .any(|column| mentions(&check.expression, column))
                || (is_disturbed && !stays)
            {
                check.drop(table, self);
            }
        }
        for index in &before.indexes {
            let stays = same(&after.indexes, index).is_some();
            let text = index_text(index);
            if self.uses_remade_enum(table, "index", &index.name)
                || remade.iter().any(|column| mentions(&text, column))
                || (self.mentions_disturbed(table, &text) && !stays)
            {
                self.drop_index_early(table, index);
            }
        }
        for key in before.keys() {
            if remade.iter().any(|column| holds(key, column)) {
                let kind = if before.primary_key.as_ref() == Some(key) {
                    KeyKind::Primary
                } else {
                    KeyKind::Unique
                };
                self.drop_key(table, key, kind);
            }
        }
    }

    fn mentions_disturbed(&self, table: &str, text: &str) -> bool {
        let mut columns = self.disturbed.iter().filter(|(owner, _)| owner == table);
        columns.any(|(_, column)| mentions(text, column))
    }

    /// Foreign keys go when a column on either side is disturbed, or when the key that they refer to goes.
    fn drop_disturbed_foreign_keys(&mut self) {
        let mut disturbed = Vec::new();
        for table in &self.working().tables {
            for key in &table.foreign_keys {
                if self.is_foreign_key_disturbed(table, key) {
                    disturbed.push((table.name.clone(), key.clone()));
                }
            }
        }
        for (table, key) in disturbed {
            key.drop(&table, self);
        }
    }

    fn is_foreign_key_disturbed(
        &self,
        table: &TableDefinition,
        key: &ForeignKeyDefinition,
    ) -> bool {
        let target = &key.references_table;
        let own = |column: &String| self.is_disturbed(&table.name, column);
        let referenced = |column: &String| self.is_disturbed(target, column);
        let mut keys = self.uses_of(&table.name, "foreign key", &key.name);
        let relied_on = keys
            .find(|used| used.kind == "key")
            .map(|used| used.uses.as_str());
        key.columns.iter().any(own)
            || key.references_columns.iter().any(referenced)
            || relied_on.is_some_and(|name| !self.keeps_key(target, name))
            || self.to.structure.table(target).is_none()
    }

    /// Whether a primary key, unique constraint or unique index is there afterwards as it is, or renamed.
    fn keeps_key(&self, table: &str, name: &str) -> bool {
        let (Some(before), Some(after)) =
            (self.working().table(table), self.to.structure.table(table))
        else {
            return false;
        };
        // The index is built anew with the type of any of its columns, also of one that it only carries along.
        let is_touched = |key: &KeyDefinition| {
            let mut columns = key.columns.iter().chain(&key.include);
            columns.any(|column| self.is_disturbed(table, column))
        };
        if let Some(key) = before.primary_key.as_ref().filter(|key| key.name == name) {
            let primary = after.primary_key.as_ref();
            return self.keeps(primary.map_or(&[], std::slice::from_ref), key) && !is_touched(key);
        }
        if let Some(key) = before.uniques.iter().find(|key| key.name == name) {
            return self.keeps(&after.uniques, key) && !is_touched(key);
        }
        let index = before.indexes.iter().find(|index| index.name == name);
        index.is_some_and(|index| {
            self.keeps(&after.indexes, index) && !self.mentions_disturbed(table, &index_text(index))
        })
    }

    /// Whether one of the parts is this one, or what it is renamed to: a name that another relation gives up later is not free.
    fn keeps<P: Part>(&self, parts: &[P], part: &P) -> bool {
        same(parts, part)
            .is_some_and(|same| same.name() == part.name() || self.is_name_free(same.name()))
    }
}

/// The one of the parts that is the same but for its name: a part of the same name that does something else takes its place.
fn same<'a, P: Part>(parts: &'a [P], part: &P) -> Option<&'a P> {
    let mut named = parts.iter().filter(|other| other.name() == part.name());
    let mut alike = parts
        .iter()
        .filter(|other| other.essence() == part.essence());
    match named.next() {
        Some(other) => (other.essence() == part.essence()).then_some(other),
        None => alike.next(),
    }
}

fn holds(key: &KeyDefinition, column: &str) -> bool {
    key.columns
        .iter()
        .chain(&key.include)
        .any(|held| held == column)
}

/// Everything of an index that can name a column.
pub(super) fn index_text(index: &IndexDefinition) -> String {
    let include = index.include.iter().map(|column| format!("\"{column}\""));
    let keys = index.keys.iter().cloned();
    let texts: Vec<String> = keys.chain(include).chain(index.predicate.clone()).collect();
    texts.join(" ")
}

/// Whether an expression, as PostgreSQL spells it, names a column. It errs on the side of yes, where the second word of a type
/// is called like the column: then something is built anew that could have stayed.
pub(super) fn mentions(expression: &str, column: &str) -> bool {
    names_in(expression).any(|(_, name)| name == column)
}

/// The expression with something else in the place of a column.
pub(super) fn with_identifier(expression: &str, column: &str, replacement: &str) -> String {
    let mut written = String::with_capacity(expression.len());
    let mut end = 0;
    for (range, _) in names_in(expression).filter(|(_, name)| name == column) {
        written.push_str(expression.get(end..range.start).unwrap_or_default());
        written.push_str(replacement);
        end = range.end;
    }
    written.push_str(expression.get(end..).unwrap_or_default());
    written
}

/// The names in an expression, bare and quoted, with where they stand; but for those of types, which stand after `::`, and of
/// functions, which stand before a parenthesis.
fn names_in(expression: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = expression.get(at..)?;
            let start =
                rest.find(|letter: char| letter == '\'' || letter == '"' || is_word(letter))?;
            let (skipped, found) = rest.split_at(start);
            let (name, after) = if let Some(quote @ ('\'' | '"')) = found.chars().next() {
                quoted(found, quote)
            } else {
                let end = found.find(|letter| !is_word(letter)).unwrap_or(found.len());
                let (word, after) = found.split_at(end);
                (Some(word.to_owned()), after)
            };
            let range = at + start..expression.len() - after.len();
            at = range.end;
            let is_column = !skipped.ends_with("::") && !after.starts_with('(');
            if let Some(name) = name.filter(|_| is_column) {
                return Some((range, name));
            }
        }
    })
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

/// The identifier in double quotes, or nothing for a literal, and what follows.
fn quoted(text: &str, quote: char) -> (Option<String>, &str) {
    let mut content = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((position, letter)) = letters.next() {
        if letter != quote {
            content.push(letter);
        } else if letters.next_if(|(_, next)| *next == quote).is_some() {
            content.push(quote);
        } else {
            let (_, after) = text.split_at(position + quote.len_utf8());
            return ((quote == '"').then_some(content), after);
        }
    }
    (None, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_found_bare_and_quoted_and_not_in_literals() {
        assert!(mentions("(status = 'x'::text)", "status"));
        assert!(mentions("(\"or\"\"der\" > 1)", "or\"der"));
        assert!(!mentions("(note = 'status'::text)", "status"));
        assert!(!mentions("(status_code > 1)", "status"));
        assert!(mentions("lower(name)", "name"));
        assert!(!mentions("name(title)", "name"));
        assert_eq!(
            with_identifier("(mood = 'sad'::mood)", "mood", "x"),
            "(x = 'sad'::mood)"
        );
        let expression = "((\"a b\" > 1) AND (x = 'a b'))";
        assert_eq!(
            with_identifier(expression, "a b", "NEW.c"),
            "((NEW.c > 1) AND (x = 'a b'))"
        );
    }
}
