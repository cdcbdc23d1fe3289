//! Check constraints: added in two steps where readers and writers shall go on, validated, dropped.

use tenant_schema::definition::{CheckDefinition, TableDefinition};

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;
use super::draft::{Draft, Phase};
use super::helper_object::is_helper;
use super::part::pair;
use super::probe::{Answer, Probe};
use super::{Planner, done};

impl Planner<'_> {
    pub(super) fn draft_checks(&mut self, before: &mut TableDefinition, after: &TableDefinition) {
        let known = before.checks.clone();
        let table = after.name.clone();
        let taken = self.constraint_names(before);
        let matched = pair(&known, &after.checks, |name| {
            !taken.iter().any(|taken| taken == name)
        });
        for (old, new) in &matched.renamed {
            self.rename_constraint(&table, &old.name, &new.name);
            for check in before
                .checks
                .iter_mut()
                .filter(|check| check.name == old.name)
            {
                check.name.clone_from(&new.name);
            }
        }
        for (old, new) in matched.kept.iter().chain(&matched.renamed) {
            if old.not_valid && !new.not_valid {
                let draft = self.violations(before, new);
                self.validate_with(&table, &new.name, Phase::Validate, draft);
            } else if !old.not_valid && new.not_valid {
                let old = CheckDefinition {
                    name: new.name.clone(),
                    ..(*old).clone()
                };
                self.drop_check(&table, &old);
                self.add_check(before, new);
                before.checks.retain(|check| check.name != old.name);
            }
        }
        for old in &matched.dropped {
            if !self.is_taken_up(old) {
                self.drop_check(&table, old);
            }
        }
        for (old, new) in &matched.replaced {
            self.drop_check(&table, old);
            self.add_check(before, new);
            before.checks.retain(|check| check.name != old.name);
        }
        for new in &matched.added {
            self.add_check(before, new);
        }
    }

    /// Adds a check: at once, or first for new rows and then for those that are there.
    pub(super) fn add_check(&mut self, table: &TableDefinition, check: &CheckDefinition) {
        let name = &table.name;
        let is_online = self.is_online(name);
        let added = CheckDefinition {
            not_valid: check.not_valid || is_online,
            ..check.clone()
        };
        let sql = ddl::add_constraint(name, &ddl::check(&added));
        let mut draft = Draft::new(
            Phase::Checks,
            format!("add check {} to {name}", check.name),
            sql,
        )
        .locks(LockClass::AccessExclusive, name)
        .done_when(done::constraint_exists(name, &check.name))
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

    /// Drops a check, and forgets it.
    pub(super) fn drop_check(&mut self, table: &str, check: &CheckDefinition) {
        let object = format!("check {} of {table}", check.name);
        self.refuse_if_needed("constraint", Some(table), &check.name, &object);
        let draft = Draft::new(
            Phase::DropConstraints,
            format!("drop {object}"),
            ddl::drop_constraint(table, &check.name),
        )
        .locks(LockClass::AccessExclusive, table)
        .done_when(done::constraint_is_gone(table, &check.name));
        self.push(if is_helper(&check.name) {
            draft.why("left behind by an interrupted run")
        } else {
            draft.hazard(
                HazardKind::ConstraintDropped,
                format!("{} is checked no more", check.expression),
            )
        });
        let tables = self.renamed.structure.tables.iter_mut();
        for known in tables.filter(|known| known.name == table) {
            known.checks.retain(|known| known.name != check.name);
        }
    }

    /// Drops the check that proved a column free of NULLs.
    pub(super) fn drop_helper_check(&mut self, table: &str, name: &str) {
        let sql = ddl::drop_constraint(table, name);
        self.push(
            Draft::new(Phase::NotNull, format!("drop check {name} of {table}"), sql)
                .why("it has proved what it was for")
                .locks(LockClass::AccessExclusive, table)
                .done_when(done::constraint_is_gone(table, name)),
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

    /// Names that constraints of the table have now or keep for a while.
    pub(super) fn constraint_names(&self, table: &TableDefinition) -> Vec<String> {
        let now = self
            .from
            .structure
            .table(self.renamed.table_now(&table.name));
        let mut names = names_of(table);
        names.extend(now.into_iter().flat_map(names_of));
        names
    }

    pub(super) fn rename_constraint(&mut self, table: &str, from: &str, to: &str) {
        let sql = format!(
            "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
            quote_identifier(table),
            quote_identifier(from),
            quote_identifier(to)
        );
        self.push(
            Draft::new(
                Phase::Rename,
                format!("rename constraint {from} of {table} to {to}"),
                sql,
            )
            .locks(LockClass::AccessExclusive, table)
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
