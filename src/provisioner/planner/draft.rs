//! Drafts: steps on their way into a plan, each with the phase that decides its place.

use tenant_schema::definition::CheckDefinition;

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::super::plan::hazard::{Hazard, HazardKind};
use super::super::plan::step::{Batches, LockClass, Step};
use super::done;
use super::helper_object::{LEFT_BEHIND, is_helper};
use super::probe::Probe;

/// Waiting for a lock holds up everybody who comes after; three seconds are what users bear.
const LOCK_TIMEOUT_MS: u32 = 3_000;

/// A statement that only changes the catalog.
const QUICK_MS: u32 = 30_000;

/// A statement that reads or writes a whole table.
const SLOW_MS: u32 = 6 * 60 * 60 * 1_000;

/// The order of steps: what is in the way goes first, what is used is there before its users, what may still be needed goes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Heal,
    Rename,
    AddLabels,
    DropForeignKeys,
    DropConstraints,
    DropDisturbedIndexes,
    Loosen,
    DropRemade,
    DropEarly,
    Types,
    CreateSequences,
    CreateTables,
    AddColumns,
    ChangeColumns,
    AddGenerated,
    Logging,
    Backfill,
    NotNull,
    Identity,
    Indexes,
    Keys,
    Checks,
    ForeignKeys,
    Validate,
    Swap,
    DropNotNull,
    Ownership,
    Options,
    Comments,
    DropIndexes,
    DropColumns,
    DropTables,
    DropSequences,
    DropTypes,
    Analyze,
}

/// A step with its place.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) phase: Phase,
    pub(super) step: Step,
    /// Whether the step gets a transaction of its own, so that its lock is held no longer than it runs.
    pub(super) alone: bool,
    /// What is to be counted before anything is run.
    pub(super) probes: Vec<Probe>,
}

impl Draft {
    /// A quick step that locks nothing.
    pub(super) fn new(phase: Phase, name: impl Into<String>, sql: impl Into<String>) -> Self {
        Self {
            phase,
            step: Step {
                name: name.into(),
                why: None,
                sql: sql.into(),
                lock: LockClass::None,
                tables: Vec::new(),
                rewrites: false,
                transactional: true,
                reversible: true,
                lock_timeout_ms: LOCK_TIMEOUT_MS,
                statement_timeout_ms: QUICK_MS,
                done_when: String::new(),
                left_over: None,
                batches: None,
                hazards: Vec::new(),
            },
            alone: false,
            probes: Vec::new(),
        }
    }

    /// A quick step that alters a table, which nobody else reads or writes meanwhile.
    pub(super) fn altering(
        phase: Phase,
        name: impl Into<String>,
        table: &str,
        action: &str,
    ) -> Self {
        let sql = format!("ALTER TABLE {} {action}", quote_identifier(table));
        Self::new(phase, name, sql).locks(LockClass::AccessExclusive, table)
    }

    /// The same of one of its columns.
    pub(super) fn altering_column(
        phase: Phase,
        name: impl Into<String>,
        table: &str,
        column: &str,
        action: &str,
    ) -> Self {
        let action = format!("ALTER COLUMN {} {action}", quote_identifier(column));
        Self::altering(phase, name, table, &action)
    }

    /// A quick step that adds a check.
    pub(super) fn adding_check(
        phase: Phase,
        name: impl Into<String>,
        table: &str,
        check: &CheckDefinition,
    ) -> Self {
        Self::new(phase, name, ddl::add_constraint(table, &ddl::check(check)))
            .locks(LockClass::AccessExclusive, table)
            .done_when(done::constraint_exists(table, &check.name))
    }

    /// A quick step that drops a constraint.
    pub(super) fn dropping_constraint(
        phase: Phase,
        name: impl Into<String>,
        table: &str,
        constraint: &str,
    ) -> Self {
        Self::new(phase, name, ddl::drop_constraint(table, constraint))
            .locks(LockClass::AccessExclusive, table)
            .done_when(done::constraint_is_gone(table, constraint))
    }

    pub(super) fn locks(mut self, lock: LockClass, table: &str) -> Self {
        self.step.lock = self.step.lock.max(lock);
        self.step.tables.push(table.to_owned());
        self
    }

    pub(super) fn why(mut self, why: impl Into<String>) -> Self {
        self.step.why = Some(why.into());
        self
    }

    pub(super) fn done_when(mut self, condition: impl Into<String>) -> Self {
        self.step.done_when = condition.into();
        self
    }

    /// The step may take long.
    pub(super) fn slow(mut self) -> Self {
        self.step.statement_timeout_ms = SLOW_MS;
        self
    }

    pub(super) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    pub(super) fn rewrites(mut self) -> Self {
        self.step.rewrites = true;
        self
    }

    pub(super) fn irreversible(mut self) -> Self {
        self.step.reversible = false;
        self
    }

    /// The step cannot be inside a transaction.
    pub(super) fn not_transactional(mut self) -> Self {
        self.step.transactional = false;
        self.alone()
            .slow()
            .hazard(HazardKind::NonTransactional, "commits by itself")
    }

    /// What takes away the remains of an attempt that failed.
    pub(super) fn left_over(mut self, sql: impl Into<String>) -> Self {
        self.step.left_over = Some(sql.into());
        self
    }

    pub(super) fn batched(mut self, batches: Batches) -> Self {
        self.step.batches = Some(batches);
        self.alone().slow()
    }

    pub(super) fn hazard(self, kind: HazardKind, detail: impl Into<String>) -> Self {
        self.hazard_if(kind, detail, false)
    }

    /// A hazard that has to be allowed.
    pub(super) fn gated(self, kind: HazardKind, detail: impl Into<String>) -> Self {
        self.hazard_if(kind, detail, true)
    }

    pub(super) fn hazard_if(
        mut self,
        kind: HazardKind,
        detail: impl Into<String>,
        gated: bool,
    ) -> Self {
        self.step.hazards.push(Hazard {
            kind,
            detail: detail.into(),
            count: None,
            gated,
        });
        self
    }

    pub(super) fn probe(mut self, probe: Probe) -> Self {
        self.probes.push(probe);
        self
    }

    /// What dropping an object costs; of a helper nobody misses anything.
    pub(super) fn missed(self, object: &str, cost: impl FnOnce(Self) -> Self) -> Self {
        if is_helper(object) {
            self.why(LEFT_BEHIND)
        } else {
            cost(self)
        }
    }
}
