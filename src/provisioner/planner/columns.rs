//! Columns: added, changed, dropped; with their defaults, identity and NULLs. Types are in `type_change.rs`.

use tenant_schema::definition::{
    CheckDefinition, ColumnDefinition, Identity, IdentityDefinition, SequenceDefinition,
    SequenceOwner, TableDefinition,
};

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::{Batches, LockClass};
use super::draft::{Draft, Phase};
use super::fill::is_unfilled;
use super::helper::{is_helper, not_null_check};
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
    fn has_backfill(&self, table: &str, column: &str) -> bool {
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

    fn draft_identity(&mut self, table: &str, before: &ColumnDefinition, after: &ColumnDefinition) {
        match (&before.identity, &after.identity) {
            (None, Some(wished)) => self.add_identity(table, before, after, wished),
            (Some(known), Some(wished)) => self.change_identity(table, after, known, wished),
            (_, None) => {}
        }
    }

    fn add_identity(
        &mut self,
        table: &str,
        before: &ColumnDefinition,
        after: &ColumnDefinition,
        wished: &IdentityDefinition,
    ) {
        let changes_type = self.is_disturbed(table, &after.name);
        let phase = if before.nullable || changes_type {
            Phase::Identity
        } else {
            Phase::ChangeColumns
        };
        let sql = alter(
            table,
            &after.name,
            &format!("ADD {}", ddl::identity(wished)),
        );
        let draft = Draft::new(
            phase,
            format!("add identity to {table}.{}", after.name),
            sql,
        )
        .locks(LockClass::AccessExclusive, table)
        .done_when(done::column_is(table, &after.name, "a.attidentity <> ''"));
        self.push(refusing_values(draft, wished));
        if let Some(sequence) = &wished.sequence {
            let owner = SequenceOwner {
                table: table.to_owned(),
                column: after.name.clone(),
            };
            self.continue_after_rows(&sequence.name, &owner, phase);
        }
    }

    fn change_identity(
        &mut self,
        table: &str,
        after: &ColumnDefinition,
        known: &IdentityDefinition,
        wished: &IdentityDefinition,
    ) {
        let object = format!("{table}.{}", after.name);
        if let (Some(old), Some(new)) = (&known.sequence, &wished.sequence)
            && old.name != new.name
        {
            let sql = format!(
                "ALTER SEQUENCE {} RENAME TO {}",
                quote_identifier(&old.name),
                quote_identifier(&new.name)
            );
            let name = format!("rename sequence {} to {}", old.name, new.name);
            self.push(
                Draft::new(Phase::ChangeColumns, name, sql)
                    .done_when(done::relation_exists(&new.name)),
            );
        }
        let mut actions = Vec::new();
        if known.kind != wished.kind {
            actions.push(format!("SET GENERATED {}", ddl::identity_kind(wished.kind)));
        }
        let changes_type = self.is_disturbed(table, &after.name);
        let mut phase = Phase::Identity;
        if let (Some(old), Some(new)) = (&known.sequence, &wished.sequence)
            && (changes_type || ddl::sequence_options(old) != ddl::sequence_options(new))
        {
            actions.extend(ddl::identity_options(new));
            let mut sequence = &new.name;
            if hinders_type(old, &new.data_type) {
                (phase, sequence) = (Phase::Loosen, &old.name);
            }
            let restart = self.keep_in_range(sequence, old, new, phase);
            if !restart.is_empty() {
                actions.push(restart.trim_start().to_owned());
            }
        }
        if actions.is_empty() {
            return;
        }
        let sql = alter(table, &after.name, &actions.join(" "));
        let draft = Draft::new(phase, format!("change identity of {object}"), sql)
            .locks(LockClass::AccessExclusive, table)
            .hazard(
                HazardKind::Correctness,
                "the next value may be one that was given already",
            );
        self.push(if known.kind == wished.kind {
            draft
        } else {
            refusing_values(draft, wished)
        });
    }

    /// Forbids NULL. Where readers and writers shall go on, a check that was validated beside them proves that there is none
    /// (PostgreSQL manual, `ALTER TABLE`, `SET NOT NULL`).
    fn forbid_nulls(&mut self, table: &TableDefinition, column: &str) {
        let name = &table.name;
        let object = format!("column {name}.{column}");
        let quoted = quote_identifier(column);
        let helper = CheckDefinition {
            name: not_null_check(name, column),
            expression: format!("{quoted} IS NOT NULL"),
            not_valid: true,
            ..CheckDefinition::default()
        };
        let known = table.checks.iter().find(|check| check.name == helper.name);
        let is_proven = self.is_online(name) || known.is_some();
        if is_proven {
            if known.is_none() {
                let sql = ddl::add_constraint(name, &ddl::check(&helper));
                self.push(
                    Draft::new(
                        Phase::NotNull,
                        format!("add check that {name}.{column} is not NULL"),
                        sql,
                    )
                    .why("new rows are checked from now on, those that are there in the next step")
                    .locks(LockClass::AccessExclusive, name)
                    .done_when(done::constraint_exists(name, &helper.name)),
                );
            }
            if known.is_none_or(|known| known.not_valid) {
                self.validate(name, &helper.name, Phase::NotNull);
            }
        }
        let mut draft = Draft::new(
            Phase::NotNull,
            format!("forbid NULL in {name}.{column}"),
            alter(name, column, "SET NOT NULL"),
        )
        .locks(LockClass::AccessExclusive, name)
        .done_when(done::column_is(name, column, "a.attnotnull"))
        .hazard(HazardKind::BreaksClients, "statements that write NULL fail");
        if !is_proven {
            let detail = format!("nobody reads or writes {name} while its rows are checked");
            draft = draft
                .hazard_if(HazardKind::AccessExclusive, detail, self.is_large(name))
                .slow();
        }
        let is_there = self.from.structure.table(self.renamed.table_now(name));
        let was_there = is_there.is_some_and(|table| {
            table
                .column(self.renamed.column_now(name, column))
                .is_some()
        });
        let is_filled = self.has_backfill(name, column) || is_unfilled(table, column);
        if was_there && !is_filled {
            draft = draft
                .hazard(
                    HazardKind::MayFailOnData,
                    "a row with NULL stops the change",
                )
                .probe(Probe::rows(
                    &self.renamed.source(table),
                    &format!("{quoted} IS NULL"),
                    Answer::Refuses {
                        object,
                        reason: "rows have NULL in it (hint: fill them first, or add a backfill)"
                            .to_owned(),
                    },
                ));
        }
        self.push(draft);
        if is_proven {
            self.drop_helper_check(name, &helper.name);
        }
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

/// Whether bounds of an identity's sequence keep its column from getting a narrower type. Those that are the limits of its
/// own type follow the type (PostgreSQL manual, `ALTER SEQUENCE`, `AS`).
fn hinders_type(sequence: &SequenceDefinition, wished: &str) -> bool {
    let (lowest, highest) = limits(wished);
    let (own_lowest, own_highest) = limits(&sequence.data_type);
    (sequence.maximum > highest && sequence.maximum != own_highest)
        || (sequence.minimum < lowest && sequence.minimum != own_lowest)
}

/// The smallest and the largest value of an integer type.
fn limits(sql_type: &str) -> (i64, i64) {
    match sql_type {
        "smallint" => (i16::MIN.into(), i16::MAX.into()),
        "integer" => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

/// An identity that is always generated refuses values of the client's own.
fn refusing_values(draft: Draft, identity: &IdentityDefinition) -> Draft {
    match identity.kind {
        Identity::Always => draft.hazard(
            HazardKind::BreaksClients,
            "statements that give it a value fail",
        ),
        Identity::ByDefault => draft,
    }
}

fn alter(table: &str, column: &str, action: &str) -> String {
    format!(
        "ALTER TABLE {} ALTER COLUMN {} {action}",
        quote_identifier(table),
        quote_identifier(column)
    )
}
