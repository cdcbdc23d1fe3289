//! Columns: added, changed, dropped; with their defaults, identity and NULLs. Types are in `type_change.rs`.

use tenant_schema::definition::{ColumnDefinition, TableDefinition};

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::{Batches, LockClass};
use super::draft::{Draft, Phase};
use super::helper_object::is_helper;
use super::probe::Probe;
use super::{Planner, done};

impl Planner<'_> {
    pub(super) fn draft_columns(&mut self, before: &TableDefinition, after: &TableDefinition) {
        for column in &after.columns {
            match before.column(&column.name) {
                None => self.add_column(before, column),
                Some(known) => self.change_column(before, known, column),
            }
        }
        self.draft_type_changes(before, after);
        // A generated column goes before those that it is computed from.
        let (generated, plain): (Vec<_>, Vec<_>) = (before.columns.iter())
            .filter(|column| after.column(&column.name).is_none())
            .partition(|column| column.generated.is_some());
        for column in generated.into_iter().chain(plain) {
            self.drop_column(before, column);
        }
    }

    /// A column that every row needs a value of its own for is filled in batches where the table is large.
    fn add_column(&mut self, before: &TableDefinition, column: &ColumnDefinition) {
        let table = &before.name;
        let fills_itself = column.generated.is_some() || column.identity.is_some();
        let is_volatile = self.has_volatile_default(table, &column.name);
        let is_filled = self.has_backfill(table, &column.name);
        if !fills_itself && (is_filled || (is_volatile && self.is_online(table))) {
            self.add_column_in_batches(before, column, is_filled);
            return;
        }
        let phase = if column.generated.is_some() {
            Phase::AddGenerated
        } else {
            Phase::AddColumns
        };
        let mut draft = adding(phase, table, column);
        if fills_itself || is_volatile {
            draft = self.rewriting(draft, table);
        }
        if !column.nullable {
            draft = self.refuse_rows_without_a_value(draft, before, column);
        }
        self.push(draft);
    }

    /// Rows that a new column without NULL would refuse, counted.
    fn refuse_rows_without_a_value(
        &self,
        draft: Draft,
        table: &TableDefinition,
        column: &ColumnDefinition,
    ) -> Draft {
        let source = self.renamed.source(table);
        let object = format!("column {}.{}", table.name, column.name);
        if let Some(expression) = &column.generated {
            let hazard = "a row for which it is NULL stops the change";
            let reason = "rows would have NULL in it (hint: fill what it is made from first)";
            let condition = format!("({expression}) IS NULL");
            return draft
                .hazard(HazardKind::MayFailOnData, hazard)
                .probe(Probe::refuses(&source, &condition, object, reason));
        }
        if column.identity.is_some() || column.default.is_some() {
            return draft;
        }
        let hazard = "rows that are there have no value for it";
        let reason = format!("{hazard} (hint: give the column a default, or a backfill)");
        draft
            .hazard(HazardKind::MayFailOnData, hazard)
            .hazard(
                HazardKind::BreaksClients,
                "statements that insert without it fail",
            )
            .probe(Probe::refuses(&source, "true", object, reason))
    }

    fn add_column_in_batches(
        &mut self,
        before: &TableDefinition,
        column: &ColumnDefinition,
        is_filled: bool,
    ) {
        let table = &before.name;
        let bare = ColumnDefinition {
            nullable: true,
            default: None,
            ..column.clone()
        };
        self.push(
            adding(Phase::AddColumns, table, &bare)
                .why("without a value at first, so that the table is not written under a lock"),
        );
        if let Some(default) = &column.default {
            self.set_default(table, column, Phase::AddColumns);
            if !is_filled {
                self.mark_as_unfilled(table, &column.name);
                self.fill(table, &column.name, default);
            }
        }
        if !column.nullable {
            self.forbid_nulls(before, &column.name);
        }
    }

    /// An `UPDATE` in batches.
    pub(super) fn backfill(&mut self, batches: Batches) {
        let sql = format!(
            "UPDATE {} SET {} WHERE {}",
            quote_identifier(&batches.table),
            batches.set,
            batches.condition
        );
        let table = batches.table.clone();
        self.push(
            Draft::new(Phase::Backfill, format!("backfill {}", batches.name), sql)
                .why("a range of pages at a time")
                .locks(LockClass::RowExclusive, &table)
                .hazard(
                    HazardKind::ImpactsPerformance,
                    format!("rows of {table} are written"),
                )
                .irreversible()
                .batched(batches),
        );
    }

    /// The data changes that models bring with them and the schema has not seen.
    pub(super) fn draft_backfills(&mut self) {
        for batches in self.options.backfills.clone() {
            let was_there = self.working().table(&batches.table).is_some();
            if was_there && self.to.structure.table(&batches.table).is_some() {
                self.backfill(batches);
            }
        }
    }

    /// Whether a backfill that is still to come sets the column.
    pub(super) fn has_backfill(&self, table: &str, column: &str) -> bool {
        let mut backfills = self.options.backfills.iter();
        backfills.any(|batches| {
            batches.table == table && super::disturbance::mentions(&batches.set, column)
        })
    }

    fn has_volatile_default(&self, table: &str, column: &str) -> bool {
        let mut uses = self.to.uses.iter();
        uses.any(|used| {
            let is_new_each_time = matches!(used.kind.as_str(), "volatile function" | "sequence");
            used.is_of(table, "default", column) && is_new_each_time
        })
    }

    fn change_column(
        &mut self,
        table: &TableDefinition,
        before: &ColumnDefinition,
        after: &ColumnDefinition,
    ) {
        let name = &table.name;
        self.go_on_filling(table, after);
        self.loosen(name, before, after);
        let changes_type = self.is_disturbed(name, &after.name);
        let is_lost = self.uses_remade_enum(name, "default", &before.name);
        if after.default.is_some() && (before.default != after.default || is_lost) && !changes_type
        {
            self.set_default(name, after, Phase::ChangeColumns);
        }
        self.draft_identity(name, before, after);
        if before.nullable && !after.nullable {
            self.forbid_nulls(table, &after.name);
        }
        if !before.nullable && after.nullable {
            self.allow_nulls(name, &after.name);
        }
    }

    fn allow_nulls(&mut self, table: &str, column: &str) {
        let name = format!("allow NULL in {table}.{column}");
        self.push(
            Draft::altering_column(Phase::DropNotNull, name, table, column, "DROP NOT NULL")
                .hazard(
                    HazardKind::BreaksClients,
                    "readers may meet NULL where there was none",
                )
                .done_when(done::column_is(table, column, "NOT a.attnotnull")),
        );
    }

    /// Takes away what fills the column today and will not do so any more.
    fn loosen(&mut self, table: &str, before: &ColumnDefinition, after: &ColumnDefinition) {
        if before.generated.is_some() && after.generated.is_none() {
            self.drop_expression(table, &after.name);
        }
        if before.identity.is_some() && after.identity.is_none() {
            self.drop_identity(table, &after.name);
        }
        if before.default.is_some() && self.loses_default(table, after) {
            let draft = dropping_default(table, &after.name);
            let waits = before.nullable || self.is_disturbed(table, &after.name);
            let is_missed = after.default.is_none() && (after.identity.is_none() || waits);
            let detail = if after.nullable {
                "statements that insert without it leave it NULL"
            } else {
                "statements that insert without it fail"
            };
            self.push(if is_missed {
                draft.hazard(HazardKind::BreaksClients, detail)
            } else {
                draft
            });
        }
    }

    fn drop_expression(&mut self, table: &str, column: &str) {
        let name = format!("make {table}.{column} a plain column");
        self.push(
            Draft::altering_column(Phase::Loosen, name, table, column, "DROP EXPRESSION")
                .done_when(done::column_is(table, column, "a.attgenerated = ''"))
                .hazard(
                    HazardKind::Correctness,
                    "rows that are written from then on bring their own value, or none",
                ),
        );
    }

    fn drop_identity(&mut self, table: &str, column: &str) {
        let name = format!("drop identity of {table}.{column}");
        self.push(
            Draft::altering_column(Phase::Loosen, name, table, column, "DROP IDENTITY")
                .done_when(done::column_is(table, column, "a.attidentity = ''"))
                .hazard(
                    HazardKind::BreaksClients,
                    "statements that insert without it may fail",
                ),
        );
    }

    /// Whether a default goes, for good or until what it is made of is there again. A change of the type takes it along.
    fn loses_default(&self, table: &str, after: &ColumnDefinition) -> bool {
        let column = &after.name;
        let loses_source = || {
            self.default_uses_a_sequence_that_goes(table, column)
                || self.uses_remade_enum(table, "default", column)
        };
        after.default.is_none() || (!self.is_disturbed(table, column) && loses_source())
    }

    fn set_default(&mut self, table: &str, column: &ColumnDefinition, phase: Phase) {
        let Some(default) = &column.default else {
            return;
        };
        let column = &column.name;
        let name = format!("set default of {table}.{column}");
        let action = format!("SET DEFAULT {default}");
        self.push(
            Draft::altering_column(phase, name, table, column, &action)
                .done_when(done::column_has_default(table, column, Some(default))),
        );
    }

    fn drop_column(&mut self, table: &TableDefinition, column: &ColumnDefinition) {
        let draft = self.dropping(table, column, Phase::DropColumns);
        if self.default_uses_a_sequence_that_goes(&table.name, &column.name) {
            self.push(dropping_default(&table.name, &column.name));
        }
        self.push(draft);
    }

    /// Drops a column that is made anew, and forgets it.
    pub(super) fn drop_column_to_remake(&mut self, table: &str, column: &str) {
        let Some(owner) = self.working().table(table).cloned() else {
            return;
        };
        let Some(known) = owner.column(column) else {
            return;
        };
        let draft = self.dropping(&owner, known, Phase::DropRemade);
        self.push(draft.why("it is generated, and cannot stay while what it is made from changes"));
        self.forget(table, |owner| {
            owner.columns.retain(|known| known.name != column);
        });
    }

    fn dropping(
        &mut self,
        table: &TableDefinition,
        column: &ColumnDefinition,
        phase: Phase,
    ) -> Draft {
        let (name, column_name) = (&table.name, &column.name);
        let object = format!("column {name}.{column_name}");
        self.refuse_if_needed("column", Some(name), column_name, &object);
        let quoted = quote_identifier(column_name);
        let action = format!("DROP COLUMN {quoted}");
        let draft = Draft::altering(phase, format!("drop {object}"), name, &action)
            .done_when(done::column_is_gone(name, column_name))
            .hazard(HazardKind::BreaksClients, "statements that name it fail")
            .irreversible();
        if column.generated.is_some() && !is_helper(column_name) {
            return draft;
        }
        let kind = HazardKind::DeletesData;
        let source = self.renamed.source(table);
        draft.missed(column_name, |draft| {
            draft
                .gated(kind, format!("all values of {name}.{column_name}"))
                .probe(Probe::counts(
                    &source,
                    &format!("{quoted} IS NOT NULL"),
                    kind,
                ))
        })
    }
}

fn adding(phase: Phase, table: &str, column: &ColumnDefinition) -> Draft {
    let name = format!("add column {table}.{}", column.name);
    let action = format!("ADD COLUMN {}", ddl::column(column));
    Draft::altering(phase, name, table, &action).done_when(done::column_exists(table, &column.name))
}

fn dropping_default(table: &str, column: &str) -> Draft {
    let name = format!("drop default of {table}.{column}");
    Draft::altering_column(Phase::Loosen, name, table, column, "DROP DEFAULT")
        .done_when(done::column_has_default(table, column, None))
}
