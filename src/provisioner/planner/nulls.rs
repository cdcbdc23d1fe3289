//! Columns that admit NULL no more.

use tenant_schema::definition::{CheckDefinition, TableDefinition};

use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::draft::{Draft, Phase};
use super::fill::is_unfilled;
use super::helper_object::not_null_check;
use super::probe::Probe;
use super::{Planner, done};

impl Planner<'_> {
    /// Forbids NULL. Where readers and writers shall go on, a check that was validated beside them proves that there is none
    /// (PostgreSQL manual, `ALTER TABLE`, `SET NOT NULL`).
    pub(super) fn forbid_nulls(&mut self, table: &TableDefinition, column: &str) {
        let name = &table.name;
        let proof = not_null_check(name, column);
        let known = table.checks.iter().find(|check| check.name == proof);
        let is_proven = known.is_some() || self.is_online(name);
        if is_proven {
            self.prove_no_nulls(name, column, &proof, known);
        }
        let mut draft = Draft::altering_column(
            Phase::NotNull,
            format!("forbid NULL in {name}.{column}"),
            name,
            column,
            "SET NOT NULL",
        )
        .done_when(done::column_is(name, column, "a.attnotnull"))
        .hazard(HazardKind::BreaksClients, "statements that write NULL fail");
        if !is_proven {
            let detail = format!("nobody reads or writes {name} while its rows are checked");
            draft = draft
                .hazard_if(HazardKind::AccessExclusive, detail, self.is_large(name))
                .slow();
        }
        if self.was_there(name, column) && !self.is_to_be_filled(table, column) {
            draft = self.refuse_nulls(draft, table, column);
        }
        self.push(draft);
        if is_proven {
            self.drop_helper_check(name, &proof);
        }
    }

    /// Adds the check that proves a column free of NULL, as far as an interrupted run has not done so.
    fn prove_no_nulls(
        &mut self,
        table: &str,
        column: &str,
        proof: &str,
        known: Option<&CheckDefinition>,
    ) {
        if known.is_none() {
            let check = CheckDefinition {
                name: proof.to_owned(),
                expression: format!("{} IS NOT NULL", quote_identifier(column)),
                not_valid: true,
                ..CheckDefinition::default()
            };
            let name = format!("add check that {table}.{column} is not NULL");
            self.push(
                Draft::adding_check(Phase::NotNull, name, table, &check)
                    .why("new rows are checked from now on, those that are there in the next step"),
            );
        }
        if known.is_none_or(|known| known.not_valid) {
            self.validate(table, proof, Phase::NotNull);
        }
    }

    /// Rows with NULL in a column, counted.
    fn refuse_nulls(&self, draft: Draft, table: &TableDefinition, column: &str) -> Draft {
        let hazard = "a row with NULL stops the change";
        draft
            .hazard(HazardKind::MayFailOnData, hazard)
            .probe(Probe::refuses(
                &self.renamed.source(table),
                &format!("{} IS NULL", quote_identifier(column)),
                format!("column {}.{column}", table.name),
                "rows have NULL in it (hint: fill them first, or add a backfill)",
            ))
    }

    fn was_there(&self, table: &str, column: &str) -> bool {
        let now = self.from.structure.table(self.renamed.table_now(table));
        let column = self.renamed.column_now(table, column);
        now.is_some_and(|now| now.column(column).is_some())
    }

    fn is_to_be_filled(&self, table: &TableDefinition, column: &str) -> bool {
        self.has_backfill(&table.name, column) || is_unfilled(table, column)
    }
}
