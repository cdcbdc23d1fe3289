//! Columns that admit NULL no more.

use tenant_schema::definition::{CheckDefinition, TableDefinition};

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;
use super::columns::alter;
use super::draft::{Draft, Phase};
use super::fill::is_unfilled;
use super::helper_object::not_null_check;
use super::probe::{Answer, Probe};
use super::{Planner, done};

impl Planner<'_> {
    /// Forbids NULL. Where readers and writers shall go on, a check that was validated beside them proves that there is none
    /// (PostgreSQL manual, `ALTER TABLE`, `SET NOT NULL`).
    pub(super) fn forbid_nulls(&mut self, table: &TableDefinition, column: &str) {
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
}
