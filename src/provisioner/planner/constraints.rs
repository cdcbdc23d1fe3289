//! Constraints that rows can be checked against later: what checks and foreign keys have in common.

use tenant_schema::definition::TableDefinition;

use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;
use super::draft::{Draft, Phase};
use super::part::{Part, pair};
use super::probe::Probe;
use super::{Planner, done};

/// A check or a foreign key.
pub(super) trait Constraint: Part {
    /// Those of a table.
    fn list_of(table: &mut TableDefinition) -> &mut Vec<Self>;

    /// Whether the rows that are there may be against it.
    fn is_not_valid(&self) -> bool;

    /// The same under another name.
    fn renamed(&self, name: &str) -> Self;

    /// Drafts its addition.
    fn add(&self, table: &TableDefinition, planner: &mut Planner<'_>);

    /// Drafts its end, and forgets it.
    fn drop(&self, table: &str, planner: &mut Planner<'_>);

    /// Whether the plan uses and drops it already.
    fn is_taken_up(&self, _planner: &Planner<'_>) -> bool {
        false
    }

    /// The question how many rows are against it.
    fn probe(&self, table: &TableDefinition, planner: &Planner<'_>) -> Probe;
}

impl Planner<'_> {
    /// Drafts what makes the constraints of a table those that are wished for.
    pub(super) fn draft_constraints<C: Constraint>(
        &mut self,
        table: &mut TableDefinition,
        wished: &[C],
    ) {
        let known = C::list_of(table).clone();
        let taken = self.constraint_names(table);
        let matched = pair(&known, wished, |name| {
            !taken.iter().any(|taken| taken == name)
        });
        for (old, new) in &matched.renamed {
            self.rename_constraint(&table.name, old.name(), new.name());
            for known in C::list_of(table) {
                if known.name() == old.name() {
                    *known = known.renamed(new.name());
                }
            }
        }
        for (old, new) in matched.kept.iter().chain(&matched.renamed) {
            if old.is_not_valid() && !new.is_not_valid() {
                let probe = new.probe(table, self);
                self.validate_with(&table.name, new.name(), Phase::Validate, probe);
            } else if !old.is_not_valid() && new.is_not_valid() {
                self.replace_constraint(table, &old.renamed(new.name()), *new);
            }
        }
        for old in &matched.dropped {
            if !old.is_taken_up(self) {
                old.drop(&table.name, self);
            }
        }
        for (old, new) in &matched.replaced {
            self.replace_constraint(table, *old, *new);
        }
        for new in &matched.added {
            new.add(table, self);
        }
    }

    fn replace_constraint<C: Constraint>(&mut self, table: &mut TableDefinition, old: &C, new: &C) {
        old.drop(&table.name, self);
        new.add(table, self);
        C::list_of(table).retain(|known| known.name() != old.name());
    }

    /// Validates a constraint in a transaction of its own: together with its creation it would keep the stronger lock.
    pub(super) fn validate(&mut self, table: &str, constraint: &str, phase: Phase) {
        let draft = Self::validating(table, constraint, phase);
        self.push(draft);
    }

    pub(super) fn validate_with(
        &mut self,
        table: &str,
        constraint: &str,
        phase: Phase,
        probe: Probe,
    ) {
        let draft = Self::validating(table, constraint, phase);
        self.push(draft.probe(probe));
    }

    fn validating(table: &str, constraint: &str, phase: Phase) -> Draft {
        let sql = format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {}",
            quote_identifier(table),
            quote_identifier(constraint)
        );
        Draft::new(phase, format!("validate {constraint} of {table}"), sql)
            .why("the rows that are there are checked while everybody goes on")
            .locks(LockClass::ShareUpdateExclusive, table)
            .done_when(done::constraint_is_valid(table, constraint))
            .hazard(
                HazardKind::ImpactsPerformance,
                format!("all rows of {table} are read"),
            )
            .hazard(
                HazardKind::MayFailOnData,
                "a row against it stops the change",
            )
            .slow()
            .alone()
    }

    /// Names that constraints of the table have now or keep for a while.
    fn constraint_names(&self, table: &TableDefinition) -> Vec<String> {
        let now = self
            .from
            .structure
            .table(self.renamed.table_now(&table.name));
        let mut names = names_of(table);
        names.extend(now.into_iter().flat_map(names_of));
        names
    }

    fn rename_constraint(&mut self, table: &str, from: &str, to: &str) {
        let name = format!("rename constraint {from} of {table} to {to}");
        let action = format!(
            "RENAME CONSTRAINT {} TO {}",
            quote_identifier(from),
            quote_identifier(to)
        );
        self.push(
            Draft::altering(Phase::Rename, name, table, &action)
                .why("it does the same under another name")
                .hazard(
                    HazardKind::BreaksClients,
                    "clients that know it by its name do not find it",
                )
                .done_when(done::constraint_exists(table, to)),
        );
    }
}

/// Names of a table's constraints, which share one space.
fn names_of(table: &TableDefinition) -> Vec<String> {
    let keys = table.keys().map(|key| key.name.clone());
    let checks = table.checks.iter().map(|check| check.name.clone());
    let foreign = table.foreign_keys.iter().map(|key| key.name.clone());
    keys.chain(checks).chain(foreign).collect()
}
