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

    fn add(&self, table: &TableDefinition, planner: &mut Planner<'_>) {
        planner.add_check(table, self);
    }

    fn drop(&self, table: &str, planner: &mut Planner<'_>) {
        planner.drop_check(table, self);
    }

    fn is_taken_up(&self, planner: &Planner<'_>) -> bool {
        planner.is_taken_up(self)
    }

    fn probe(&self, table: &TableDefinition, planner: &Planner<'_>) -> Probe {
        planner.violations(table, self)
    }
}

impl Planner<'_> {
    /// Adds a check: at once, or first for new rows and then for those that are there.
    pub(super) fn add_check(&mut self, table: &TableDefinition, check: &CheckDefinition) {
        let name = &table.name;
        let is_online = self.is_online(name);
        let added = CheckDefinition {
            not_valid: check.not_valid || is_online,
            ..check.clone()
        };
        let mut draft = Draft::adding_check(
            Phase::Checks,
            format!("add check {} to {name}", check.name),
            name,
            &added,
        )
        .hazard(
            HazardKind::BreaksClients,
            "statements that write rows against it fail",
        );
        if added.not_valid {
            self.push(draft.why("new rows are checked from now on"));
            if !check.not_valid {
                let probe = self.violations(table, check);
                self.validate_with(name, &check.name, Phase::Validate, probe);
            }
            return;
        }
        let detail = format!("nobody reads or writes {name} while its rows are checked");
        draft = draft
            .hazard_if(HazardKind::AccessExclusive, detail, self.is_large(name))
            .hazard(
                HazardKind::MayFailOnData,
                "a row against it stops the change",
            )
            .slow();
        if self.working().table(name).is_some() {
            draft = draft.probe(self.violations(table, check));
        }
        self.push(draft);
    }

    fn violations(&self, table: &TableDefinition, check: &CheckDefinition) -> Probe {
        let source = self.renamed.source(table);
        let condition = format!("NOT ({})", check.expression);
        Probe {
            sql: format!(
                "SELECT count(*) AS count, left(min(row_to_json({name})::text), 200) AS sample FROM {source} AS {name} WHERE {condition}",
                name = quote_identifier(&table.name)
            ),
            answer: Answer::Refuses {
                object: format!("check {} of {}", check.name, table.name),
                reason: "rows are against it (hint: change them first, or a backfill does)"
                    .to_owned(),
            },
        }
    }

    /// Drops a check, and forgets it.
    pub(super) fn drop_check(&mut self, table: &str, check: &CheckDefinition) {
        let object = format!("check {} of {table}", check.name);
        self.refuse_if_needed("constraint", Some(table), &check.name, &object);
        let name = format!("drop {object}");
        let draft = Draft::dropping_constraint(Phase::DropConstraints, name, table, &check.name);
        let detail = format!("{} is checked no more", check.expression);
        self.push(draft.missed(&check.name, |draft| {
            draft.hazard(HazardKind::ConstraintDropped, detail)
        }));
        self.forget(table, |known| {
            known.checks.retain(|known| known.name != check.name);
        });
    }

    /// Drops the check that proved a column free of NULLs.
    pub(super) fn drop_helper_check(&mut self, table: &str, name: &str) {
        let step = format!("drop check {name} of {table}");
        self.push(
            Draft::dropping_constraint(Phase::NotNull, step, table, name)
                .why("it has proved what it was for"),
        );
    }

    /// Whether the check is a helper that this plan uses and drops itself.
    fn is_taken_up(&self, check: &CheckDefinition) -> bool {
        let sql_end = format!("DROP CONSTRAINT {}", quote_identifier(&check.name));
        is_helper(&check.name)
            && self
                .drafts
                .iter()
                .any(|draft| draft.step.sql.ends_with(&sql_end))
    }
}
