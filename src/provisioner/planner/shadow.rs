//! Type changes beside readers and writers: a shadow column of the new type is filled and indexed while everybody goes on,
//! and takes the column's place at the end. For what would otherwise write a large table anew under a lock.
//!
//! A trigger keeps the shadow in step with the column from the moment that it is there. Everything that is made for a while
//! has a helper's name, so that a change that was cut off is taken up again, and one that is not wanted any more taken back.

mod swap;

use tenant_schema::definition::{
    CheckDefinition, ColumnDefinition, IndexDefinition, TableDefinition,
};

use super::super::ddl;
use super::super::identifier::{quote_identifier, quote_literal};
use super::super::plan::step::{Batches, LockClass};
use super::constraints::Constraint as _;
use super::disturbance::{index_text, mentions, with_identifier};
use super::draft::{Draft, Phase};
use super::helper_object::{is_helper, not_null_check, replacement, synchronizer};
use super::{Planner, done};

/// A column on its way to another type.
pub(super) struct Shadow<'a> {
    table: &'a str,
    before: &'a ColumnDefinition,
    after: &'a ColumnDefinition,
    /// Name of the shadow column.
    name: String,
}

impl Planner<'_> {
    /// Whether the column can change its type by a shadow: it has to write the table anew otherwise, and to stand by itself.
    pub(super) fn can_have_a_shadow(
        &self,
        before: &TableDefinition,
        after: &TableDefinition,
        column: &ColumnDefinition,
    ) -> bool {
        let (table, name) = (&before.name, &column.name);
        let Some(known) = before.column(name) else {
            return false;
        };
        self.is_online(table)
            && !self.conversion(table, known, column).keeps_bytes
            && is_plain(known)
            && is_plain(column)
            && !is_in_a_key(before, name)
            && !is_in_a_key(after, name)
            && !self.is_referred_to(table, name)
            && !self.is_depended_on(table, name)
            && !self.uses_remade_enum(table, "column", name)
            && !self.shares_a_part_with_a_shadow(before, after, name)
            && self.blockers("column", Some(table), name).is_empty()
    }

    /// Whether a foreign key refers to the column, before or afterwards.
    fn is_referred_to(&self, table: &str, column: &String) -> bool {
        let tables = (self.working().tables.iter()).chain(&self.to.structure.tables);
        let mut keys = tables.flat_map(|table| &table.foreign_keys);
        keys.any(|key| key.references_table == table && key.references_columns.contains(column))
    }

    /// Whether a generated column is made from the column, or its default counts with a sequence.
    fn is_depended_on(&self, table: &str, column: &str) -> bool {
        let mut uses = self.renamed.uses.iter().chain(&self.to.uses);
        uses.any(|used| {
            let feeds = used.kind == "column" && used.uses == column;
            let counts = used.kind == "sequence" && used.name == column;
            used.table == table && (feeds || counts)
        })
    }

    /// Whether an index or check names the column and another one that has a shadow: it could stand on one of them only.
    fn shares_a_part_with_a_shadow(
        &self,
        before: &TableDefinition,
        after: &TableDefinition,
        column: &str,
    ) -> bool {
        let texts: Vec<String> = ([before, after].into_iter())
            .flat_map(|table| {
                let indexes = table.indexes.iter().map(index_text);
                indexes.chain(table.checks.iter().map(|check| check.expression.clone()))
            })
            .filter(|text| mentions(text, column))
            .collect();
        let mut others = (self.shadowed.iter()).filter(|(table, _)| *table == before.name);
        others.any(|(_, other)| texts.iter().any(|text| mentions(text, other)))
    }

    /// Drafts the shadows of a table, and takes out of both definitions what they bring about.
    pub(super) fn draft_shadows(
        &mut self,
        before: &mut TableDefinition,
        after: &mut TableDefinition,
    ) {
        let table = before.name.clone();
        for column in after.columns.clone() {
            let Some(known) = before.column(&column.name).cloned() else {
                continue;
            };
            if !self.has_shadow(&table, &column.name) {
                continue;
            }
            let shadow = Shadow {
                table: &table,
                before: &known,
                after: &column,
                name: replacement(&column.name),
            };
            self.draft_shadow(&shadow, before, after);
            let names_it = |text: &str| mentions(text, &column.name);
            let takes_place = |name: &str| {
                let mut indexes = after
                    .indexes
                    .iter()
                    .filter(|index| names_it(&index_text(index)));
                let mut checks = after
                    .checks
                    .iter()
                    .filter(|check| names_it(&check.expression));
                indexes.any(|index| index.name == name) || checks.any(|check| check.name == name)
            };
            before.indexes.retain(|index| !takes_place(&index.name));
            before.checks.retain(|check| !takes_place(&check.name));
            forget(before, &column.name);
            before.columns.retain(|known| known.name != shadow.name);
            forget(after, &column.name);
        }
    }

    fn draft_shadow(
        &mut self,
        shadow: &Shadow<'_>,
        before: &TableDefinition,
        after: &TableDefinition,
    ) {
        self.add_shadow(shadow, before);
        self.keep_in_step(shadow, before);
        self.fill_shadow(shadow);
        let column = &shadow.after.name;
        let indexes: Vec<&IndexDefinition> = (after.indexes.iter())
            .filter(|index| mentions(&index_text(index), column))
            .collect();
        let checks: Vec<&CheckDefinition> = (after.checks.iter())
            .filter(|check| mentions(&check.expression, column))
            .collect();
        self.clear_the_way(shadow, before, &indexes, &checks);
        for index in &indexes {
            self.index_shadow(shadow, index, before);
        }
        for check in &checks {
            self.check_shadow(shadow, check, before);
        }
        if !shadow.after.nullable {
            let helper = CheckDefinition {
                name: not_null_check(shadow.table, &shadow.name),
                expression: format!("{} IS NOT NULL", quote_identifier(&shadow.name)),
                ..CheckDefinition::default()
            };
            self.add_and_validate(shadow.table, &helper, before);
        }
        self.swap(shadow, &indexes, &checks);
    }

    /// Drops the indexes and checks of the old column that do not come back on the shadow, and others whose names are wanted
    /// for it. Those that come back go with the old column.
    fn clear_the_way(
        &mut self,
        shadow: &Shadow<'_>,
        before: &TableDefinition,
        indexes: &[&IndexDefinition],
        checks: &[&CheckDefinition],
    ) {
        let column = &shadow.before.name;
        for index in before
            .indexes
            .iter()
            .filter(|index| !is_helper(&index.name))
        {
            let comes_back = indexes.iter().any(|other| other.name == index.name);
            if comes_back != mentions(&index_text(index), column) {
                self.drop_index_early(shadow.table, index);
            }
        }
        for check in before.checks.iter().filter(|check| !is_helper(&check.name)) {
            let comes_back = checks.iter().any(|other| other.name == check.name);
            if comes_back != mentions(&check.expression, column) {
                check.drop(shadow.table, self);
            }
        }
    }

    fn add_shadow(&mut self, shadow: &Shadow<'_>, before: &TableDefinition) {
        let table = shadow.table;
        let wished = ColumnDefinition {
            name: shadow.name.clone(),
            nullable: true,
            default: None,
            ..shadow.after.clone()
        };
        let object = format!("{table}.{}", shadow.after.name);
        let known = before.column(&shadow.name);
        if known.is_some_and(|known| known.sql_type == wished.sql_type) {
            return;
        }
        if known.is_some() {
            let action = format!("DROP COLUMN {}", quote_identifier(&shadow.name));
            let name = format!("drop the shadow of {object}");
            self.push(
                Draft::altering(Phase::Loosen, name, table, &action)
                    .why("an interrupted change to another type left it behind"),
            );
        }
        let action = format!("ADD COLUMN {}", ddl::column(&wished));
        let name = format!("add a shadow of {object} as {}", wished.sql_type);
        self.push(
            Draft::altering(Phase::AddColumns, name, table, &action)
                .why(
                    "the table is not written anew under a lock; the column stands last afterwards",
                )
                .done_when(done::column_exists(table, &shadow.name)),
        );
    }

    fn keep_in_step(&mut self, shadow: &Shadow<'_>, before: &TableDefinition) {
        let table = shadow.table;
        let name = quote_identifier(&synchronizer(table, &shadow.after.name));
        let column = quote_identifier(&shadow.after.name);
        let value = self.shadow_value(shadow, &format!("NEW.{column}"));
        let body = format!(
            "BEGIN NEW.{} := {value}; RETURN NEW; END",
            quote_identifier(&shadow.name)
        );
        let function = format!(
            "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {}",
            quote_literal(&body)
        );
        let trigger = format!(
            "CREATE OR REPLACE TRIGGER {name} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {name}()",
            quote_identifier(table)
        );
        let object = format!("{table}.{}", shadow.after.name);
        self.push(Draft::new(
            Phase::ChangeColumns,
            format!("write how the shadow of {object} follows"),
            function,
        ));
        let draft = Draft::new(
            Phase::ChangeColumns,
            format!("let the shadow of {object} follow"),
            trigger,
        )
        .why("whoever writes the column writes the shadow as well")
        .locks(LockClass::ShareRowExclusive, table);
        let change = self.type_change(table, shadow.before, shadow.after);
        let draft = self.endanger(draft, before, &change);
        self.push(draft);
    }

    /// The value to come of a column. Where an assignment converts it, nothing is said of the type: an explicit cast would
    /// cut what is too long instead of refusing it.
    fn shadow_value(&self, shadow: &Shadow<'_>, column: &str) -> String {
        let conversion = self.conversion_of(column, shadow.table, shadow.before, shadow.after);
        conversion.using.unwrap_or_else(|| column.to_owned())
    }

    fn fill_shadow(&mut self, shadow: &Shadow<'_>) {
        let name = quote_identifier(&shadow.name);
        let column = quote_identifier(&shadow.before.name);
        let value = self.shadow_value(shadow, &column);
        let set = format!("{name} = {value}");
        let condition = format!(
            "{name} IS DISTINCT FROM ({value})::{}",
            shadow.after.sql_type
        );
        let is_comparable = !matches!(shadow.after.sql_type.as_str(), "json" | "xml" | "point");
        let condition = if is_comparable {
            condition
        } else {
            format!("{name} IS NULL AND {column} IS NOT NULL")
        };
        self.backfill(Batches {
            name: format!("{}.{}", shadow.table, shadow.name),
            table: shadow.table.to_owned(),
            set,
            condition,
        });
    }

    fn index_shadow(
        &mut self,
        shadow: &Shadow<'_>,
        index: &IndexDefinition,
        before: &TableDefinition,
    ) {
        let on_shadow = |text: &String| {
            with_identifier(text, &shadow.after.name, &quote_identifier(&shadow.name))
        };
        let built = IndexDefinition {
            name: replacement(&index.name),
            keys: index.keys.iter().map(on_shadow).collect(),
            include: (index.include.iter())
                .map(|column| {
                    if *column == shadow.after.name {
                        shadow.name.clone()
                    } else {
                        column.clone()
                    }
                })
                .collect(),
            predicate: index.predicate.as_ref().map(on_shadow),
            comment: None,
            ..index.clone()
        };
        let left = before.indexes.iter().find(|known| known.name == built.name);
        if left.is_some() {
            self.drop_left_over(shadow.table, &built.name);
        }
        self.add_index(before, &built);
    }

    fn check_shadow(
        &mut self,
        shadow: &Shadow<'_>,
        check: &CheckDefinition,
        before: &TableDefinition,
    ) {
        let helper = CheckDefinition {
            name: replacement(&check.name),
            expression: with_identifier(
                &check.expression,
                &shadow.after.name,
                &quote_identifier(&shadow.name),
            ),
            comment: None,
            ..check.clone()
        };
        self.add_and_validate(shadow.table, &helper, before);
    }

    /// A check under a helper's name; one that an interrupted run left is as good.
    fn add_and_validate(&mut self, table: &str, check: &CheckDefinition, before: &TableDefinition) {
        let known = before.checks.iter().find(|known| known.name == check.name);
        if known.is_none() {
            let added = CheckDefinition {
                not_valid: true,
                ..check.clone()
            };
            let name = format!("add check {} to {table}", check.name);
            self.push(Draft::adding_check(Phase::Checks, name, table, &added));
        }
        if !check.not_valid && known.is_none_or(|known| known.not_valid) {
            self.validate(table, &check.name, Phase::Validate);
        }
    }

    fn has_shadow(&self, table: &str, column: &str) -> bool {
        let key = (table.to_owned(), column.to_owned());
        self.shadowed.contains(&key)
    }
}

fn is_plain(column: &ColumnDefinition) -> bool {
    column.generated.is_none() && column.identity.is_none()
}

/// Whether a key holds the column, or a foreign key refers by it.
fn is_in_a_key(table: &TableDefinition, column: &str) -> bool {
    let keys = table
        .keys()
        .flat_map(|key| key.columns.iter().chain(&key.include));
    let foreign = table.foreign_keys.iter().flat_map(|key| &key.columns);
    keys.chain(foreign).any(|held| held == column)
}

/// Takes a column out of a definition with the indexes and checks that name it or its shadow.
fn forget(table: &mut TableDefinition, column: &str) {
    let shadow = replacement(column);
    let proof = not_null_check(&table.name, &shadow);
    let names_it = |text: &str| mentions(text, column) || mentions(text, &shadow);
    table.columns.retain(|known| known.name != column);
    table.indexes.retain(|index| !names_it(&index_text(index)));
    table
        .checks
        .retain(|check| !names_it(&check.expression) && check.name != proof);
}
