//! Check constraints: added in two steps where readers and writers shall go on, dropped.

use tenant_schema::definition::{CheckDefinition, TableDefinition};

use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::Planner;
use super::constraints::Constraint;
use super::draft::{Draft, Phase};
use super::helper_object::is_helper;
use super::probe::{Answer, Probe};

impl Constraint for CheckDefinition {
    fn list_of(table: &mut TableDefinition) -> &mut Vec<Self> {
        &mut table.checks
    }

    fn is_not_valid(&self) -> bool {
        self.not_valid
    }

    fn renamed(&self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..self.clone()
        }
    }

    /// At once, or first for new rows and then for those that are there.
    fn add(&self, table: &TableDefinition, planner: &mut Planner<'_>) {
        let name = &table.name;
        let is_online = planner.is_online(name);
        let added = CheckDefinition {
            not_valid: self.not_valid || is_online,
            ..self.clone()
        };
        let mut draft = Draft::adding_check(
            Phase::Checks,
            format!("add check {} to {name}", self.name),
            name,
            &added,
        )
        .hazard(
            HazardKind::BreaksClients,
            "statements that write rows against it fail",
        );
        if added.not_valid {
            planner.push(draft.why("new rows are checked from now on"));
            if !self.not_valid {
                let probe = self.probe(table, planner);
                planner.validate_with(name, &self.name, Phase::Validate, probe);
            }
            return;
        }
        let detail = format!("nobody reads or writes {name} while its rows are checked");
        draft = draft
            .hazard_if(HazardKind::AccessExclusive, detail, planner.is_large(name))
            .hazard(
                HazardKind::MayFailOnData,
                "a row against it stops the change",
            )
            .slow();
        if planner.working().table(name).is_some() {
            draft = draft.probe(self.probe(table, planner));
        }
        planner.push(draft);
    }

    fn drop(&self, table: &str, planner: &mut Planner<'_>) {
        let object = format!("check {} of {table}", self.name);
        planner.refuse_if_needed("constraint", Some(table), &self.name, &object);
        let name = format!("drop {object}");
        let draft = Draft::dropping_constraint(Phase::DropConstraints, name, table, &self.name);
        let detail = format!("{} is checked no more", self.expression);
        planner.push(draft.missed(&self.name, |draft| {
            draft.hazard(HazardKind::ConstraintDropped, detail)
        }));
        planner.forget(table, |known| {
            known.checks.retain(|known| known.name != self.name);
        });
    }

    /// A helper that this plan uses and drops itself.
    fn is_taken_up(&self, planner: &Planner<'_>) -> bool {
        let sql_end = format!("DROP CONSTRAINT {}", quote_identifier(&self.name));
        is_helper(&self.name)
            && planner
                .drafts
                .iter()
                .any(|draft| draft.step.sql.ends_with(&sql_end))
    }

    fn probe(&self, table: &TableDefinition, planner: &Planner<'_>) -> Probe {
        let source = planner.renamed.source(table);
        let condition = format!("NOT ({})", self.expression);
        Probe {
            sql: format!(
                "SELECT count(*) AS count, left(min(row_to_json({name})::text), 200) AS sample FROM {source} AS {name} WHERE {condition}",
                name = quote_identifier(&table.name)
            ),
            answer: Answer::Refuses {
                object: format!("check {} of {}", self.name, table.name),
                reason: "rows are against it (hint: change them first, or a backfill does)"
                    .to_owned(),
            },
        }
    }
}

impl Planner<'_> {
    /// Drops the check that proved a column free of NULLs.
    pub(super) fn drop_helper_check(&mut self, table: &str, name: &str) {
        let step = format!("drop check {name} of {table}");
        self.push(
            Draft::dropping_constraint(Phase::NotNull, step, table, name)
                .why("it has proved what it was for"),
        );
    }
}
