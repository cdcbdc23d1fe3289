//! Columns: added, changed, dropped; with their defaults, identity and NULLs. Types are in `type_change.rs`.

use tenant_schema::definition::{ColumnDefinition, TableDefinition};

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::{Batches, LockClass};
use super::draft::{Draft, Phase};
use super::helper_object::is_helper;
use super::probe::{Answer, Probe};
use super::{Planner, done};

impl Planner<'_> {
    pub(super) fn draft_columns(&mut self, before: &TableDefinition, after: &TableDefinition) {
        for column in &after.columns {
            match before.column(&column.name) {
                None => self.add_column(before, after, column),
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
    fn add_column(
        &mut self,
        before: &TableDefinition,
        after: &TableDefinition,
        column: &ColumnDefinition,
    ) {
        let table = &after.name;
        let object = format!("column {table}.{}", column.name);
        let is_volatile = self.has_volatile_default(table, &column.name);
        let is_filled = self.has_backfill(table, &column.name);
        if column.generated.is_none()
            && column.identity.is_none()
            && (is_filled || (is_volatile && self.is_online(table)))
        {
            self.add_column_in_batches(before, column, is_filled);
            return;
        }
        let sql = format!(
            "ALTER TABLE {} ADD COLUMN {}",
            quote_identifier(table),
            ddl::column(column)
        );
        let phase = if column.generated.is_some() {
            Phase::AddGenerated
        } else {
            Phase::AddColumns
        };
        let mut draft = Draft::new(phase, format!("add {object}"), sql)
            .locks(LockClass::AccessExclusive, table)
            .done_when(done::column_exists(table, &column.name));
        let fills_itself = column.generated.is_some() || column.identity.is_some();
        if fills_itself || is_volatile {
            draft = self.rewriting(draft, table);
        }
        if let Some(expression) = column.generated.as_ref().filter(|_| !column.nullable) {
            draft = draft
                .hazard(
                    HazardKind::MayFailOnData,
                    "a row for which it is NULL stops the change",
                )
                .probe(Probe::rows(
                    &self.renamed.source(before),
                    &format!("({expression}) IS NULL"),
                    Answer::Refuses {
                        object: object.clone(),
                        reason:
                            "rows would have NULL in it (hint: fill what it is made from first)"
                                .to_owned(),
                    },
                ));
        }
        if !column.nullable && !fills_itself && column.default.is_none() {
            draft = draft
                .hazard(HazardKind::MayFailOnData, "rows that are there have no value for it")
                .hazard(HazardKind::BreaksClients, "statements that insert without it fail")
                .probe(Probe::rows(
                    &self.renamed.source(before),
                    "true",
                    Answer::Refuses {
                        object: object.clone(),
                        reason: "rows that are there have no value for it (hint: give the column a default, or a backfill)".to_owned(),
                    },
                ));
        }
        self.push(draft);
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
        let sql = format!(
            "ALTER TABLE {} ADD COLUMN {}",
            quote_identifier(table),
            ddl::column(&bare)
        );
        self.push(
            Draft::new(
                Phase::AddColumns,
                format!("add column {table}.{}", column.name),
                sql,
            )
            .why("without a value at first, so that the table is not written under a lock")
            .locks(LockClass::AccessExclusive, table)
            .done_when(done::column_exists(table, &column.name)),
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
            used.table == table
                && used.name == column
                && used.part == "default"
                && (used.kind == "volatile function" || used.kind == "sequence")
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
            let sql = alter(name, &after.name, "DROP NOT NULL");
            self.push(
                Draft::new(
                    Phase::DropNotNull,
                    format!("allow NULL in {name}.{}", after.name),
                    sql,
                )
                .locks(LockClass::AccessExclusive, name)
                .hazard(
                    HazardKind::BreaksClients,
                    "readers may meet NULL where there was none",
                )
                .done_when(done::column_is(name, &after.name, "NOT a.attnotnull")),
            );
        }
    }

    /// Takes away what fills the column today and will not do so any more.
    fn loosen(&mut self, table: &str, before: &ColumnDefinition, after: &ColumnDefinition) {
        let column = &after.name;
        let object = format!("{table}.{column}");
        if before.generated.is_some() && after.generated.is_none() {
            let sql = alter(table, column, "DROP EXPRESSION");
            self.push(
                Draft::new(Phase::Loosen, format!("make {object} a plain column"), sql)
                    .locks(LockClass::AccessExclusive, table)
                    .done_when(done::column_is(table, column, "a.attgenerated = ''"))
                    .hazard(
                        HazardKind::Correctness,
                        "rows that are written from then on bring their own value, or none",
                    ),
            );
        }
        if before.identity.is_some() && after.identity.is_none() {
            let sql = alter(table, column, "DROP IDENTITY");
            self.push(
                Draft::new(Phase::Loosen, format!("drop identity of {object}"), sql)
                    .locks(LockClass::AccessExclusive, table)
                    .done_when(done::column_is(table, column, "a.attidentity = ''"))
                    .hazard(
                        HazardKind::BreaksClients,
                        "statements that insert without it may fail",
                    ),
            );
        }
        let changes_type = self.is_disturbed(table, column);
        let goes = after.default.is_none()
            || (!changes_type
                && (self.default_uses_a_sequence_that_goes(table, column)
                    || self.uses_remade_enum(table, "default", column)));
        if before.default.is_some() && goes {
            let sql = alter(table, column, "DROP DEFAULT");
            let draft = Draft::new(Phase::Loosen, format!("drop default of {object}"), sql)
                .locks(LockClass::AccessExclusive, table)
                .done_when(done::column_has_default(table, column, None));
            let waits = before.nullable || changes_type;
            let is_missed = after.default.is_none() && (after.identity.is_none() || waits);
            self.push(if is_missed {
                let detail = if after.nullable {
                    "statements that insert without it leave it NULL"
                } else {
                    "statements that insert without it fail"
                };
                draft.hazard(HazardKind::BreaksClients, detail)
            } else {
                draft
            });
        }
    }

    fn set_default(&mut self, table: &str, column: &ColumnDefinition, phase: Phase) {
        let Some(default) = &column.default else {
            return;
        };
        let sql = alter(table, &column.name, &format!("SET DEFAULT {default}"));
        self.push(
            Draft::new(
                phase,
                format!("set default of {table}.{}", column.name),
                sql,
            )
            .locks(LockClass::AccessExclusive, table)
            .done_when(done::column_has_default(table, &column.name, Some(default))),
        );
    }

    fn drop_column(&mut self, table: &TableDefinition, column: &ColumnDefinition) {
        let draft = self.dropping(table, column, Phase::DropColumns);
        if self.default_uses_a_sequence_that_goes(&table.name, &column.name) {
            let sql = alter(&table.name, &column.name, "DROP DEFAULT");
            let name = format!("drop default of {}.{}", table.name, column.name);
            self.push(
                Draft::new(Phase::Loosen, name, sql)
                    .locks(LockClass::AccessExclusive, &table.name)
                    .done_when(done::column_has_default(&table.name, &column.name, None)),
            );
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
        let tables = self.renamed.structure.tables.iter_mut();
        for owner in tables.filter(|owner| owner.name == table) {
            owner.columns.retain(|known| known.name != column);
        }
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
        let sql = format!(
            "ALTER TABLE {} DROP COLUMN {quoted}",
            quote_identifier(name)
        );
        let draft = Draft::new(phase, format!("drop {object}"), sql)
            .locks(LockClass::AccessExclusive, name)
            .done_when(done::column_is_gone(name, column_name))
            .hazard(HazardKind::BreaksClients, "statements that name it fail")
            .irreversible();
        if is_helper(column_name) {
            return draft.why("left behind by an interrupted run");
        }
        if column.generated.is_some() {
            return draft;
        }
        let condition = format!("{quoted} IS NOT NULL");
        draft
            .gated(
                HazardKind::DeletesData,
                format!("all values of {name}.{column_name}"),
            )
            .probe(Probe::rows(
                &self.renamed.source(table),
                &condition,
                Answer::Counts(HazardKind::DeletesData),
            ))
    }
}

pub(super) fn alter(table: &str, column: &str, action: &str) -> String {
    format!(
        "ALTER TABLE {} ALTER COLUMN {} {action}",
        quote_identifier(table),
        quote_identifier(column)
    )
}
