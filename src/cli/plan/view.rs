//! A plan for people: what is done, why, under which lock, and how many rows it concerns, aligned and coloured.
//!
//! The colours are taken out again by the printer where the output is no terminal or `NO_COLOR` is set.

use std::fmt::{self, Display, Formatter};

use anstyle::{AnsiColor, Style};

use crate::provisioner::plan::hazard::{Hazard, HazardKind, rows};
use crate::provisioner::plan::step::{LockClass, Step};
use crate::provisioner::plan::{Plan, Transaction};

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const DANGER: Style = AnsiColor::Red.on_default().bold();
const CARE: Style = AnsiColor::Yellow.on_default();
const CALM: Style = AnsiColor::Green.on_default();

/// Names of steps are padded to at most this width.
const WIDEST_NAME: usize = 60;

/// So many comments in a row are counted, not listed: a new table brings one for each column.
const MANY_COMMENTS: usize = 3;

/// A plan and what it is for.
#[derive(Debug)]
pub struct PlanView<'a> {
    /// What is changed: `tenant acme`, or `schema a into schema b`.
    pub subject: &'a str,
    /// The plan.
    pub plan: &'a Plan,
    /// Hazards that the caller has allowed.
    pub allowed: &'a [HazardKind],
}

impl Display for PlanView<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { subject, plan, .. } = self;
        let steps = plan.steps().count();
        let (steps, transactions) = (
            counted(steps, "step"),
            counted(plan.transactions.len(), "transaction"),
        );
        writeln!(
            out,
            "{STRONG}{subject}{STRONG:#}: {steps} in {transactions}"
        )?;
        let names = plan.steps().map(|step| step.name.chars().count());
        let width = names.max().unwrap_or(0).min(WIDEST_NAME);
        for (number, transaction) in (1..).zip(&plan.transactions) {
            self.write_transaction(out, number, transaction, width)?;
        }
        self.write_rest(out)
    }
}

impl PlanView<'_> {
    fn write_transaction(
        &self,
        out: &mut Formatter<'_>,
        number: usize,
        transaction: &Transaction,
        width: usize,
    ) -> fmt::Result {
        let by_itself = match (transaction.atomic, transaction.steps.first()) {
            (true, _) => "",
            (false, Some(step)) if step.batches.is_some() => ", in batches that commit one by one",
            (false, _) => ", commits by itself",
        };
        writeln!(out, "\n{FAINT}transaction {number}{by_itself}{FAINT:#}")?;
        let is_comment = |step: &Step| step.sql.starts_with("COMMENT ON ");
        for steps in (transaction.steps).chunk_by(|one, next| is_comment(one) && is_comment(next)) {
            match steps {
                [first, ..] if steps.len() >= MANY_COMMENTS && is_comment(first) => {
                    write_comments(out, steps.len())?;
                }
                _ => steps
                    .iter()
                    .try_for_each(|step| self.write_step(out, step, width))?,
            }
        }
        Ok(())
    }

    fn write_step(&self, out: &mut Formatter<'_>, step: &Step, width: usize) -> fmt::Result {
        let lock = match step.lock {
            LockClass::AccessExclusive => CARE,
            _ => CALM,
        };
        let name = &step.name;
        write!(out, "  {STRONG}{name}{STRONG:#}")?;
        if !step.tables.is_empty() && step.lock != LockClass::None {
            let gap = width.saturating_sub(name.chars().count()) + 2;
            let tables = step.tables.join(", ");
            write!(out, "{:gap$}{lock}{} on {tables}{lock:#}", "", step.lock)?;
        }
        if step.rewrites {
            write!(out, "  {DANGER}rewrite{DANGER:#}")?;
        }
        writeln!(out)?;
        if let Some(why) = &step.why {
            writeln!(out, "      {why}")?;
        }
        for line in step.sql.lines() {
            writeln!(out, "      {FAINT}{line}{FAINT:#}")?;
        }
        for hazard in &step.hazards {
            self.write_hazard(out, hazard)?;
        }
        Ok(())
    }

    fn write_hazard(&self, out: &mut Formatter<'_>, hazard: &Hazard) -> fmt::Result {
        let is_forbidden = hazard.gated && !self.allowed.contains(&hazard.kind);
        let style = if is_forbidden { DANGER } else { CARE };
        let Hazard { kind, detail, .. } = hazard;
        write!(out, "    {style}! {kind}{style:#}: {detail}")?;
        if let Some(count) = hazard.count {
            write!(out, " ({})", rows(count))?;
        }
        if is_forbidden {
            write!(out, ", {DANGER}needs --allow {kind}{DANGER:#}")?;
        }
        writeln!(out)
    }

    fn write_rest(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let plan = self.plan;
        if !plan.refusals.is_empty() {
            writeln!(out, "\n{DANGER}cannot be changed{DANGER:#}")?;
        }
        for refusal in &plan.refusals {
            writeln!(out, "  {refusal}")?;
        }
        if !plan.unmanaged.is_empty() {
            writeln!(out, "\n{FAINT}not managed, left alone{FAINT:#}")?;
        }
        for object in &plan.unmanaged {
            let of = object.table.as_ref();
            let of = of.map_or_else(String::new, |table| format!(" of {table}"));
            writeln!(out, "  {} {}{of}", object.kind, object.name)?;
        }
        if !plan.column_orders.is_empty() {
            writeln!(
                out,
                "\n{FAINT}columns in another order, left as they are{FAINT:#}"
            )?;
        }
        for order in &plan.column_orders {
            writeln!(out, "  {}: {}", order.table, order.actual.join(", "))?;
        }
        Ok(())
    }
}

fn write_comments(out: &mut Formatter<'_>, count: usize) -> fmt::Result {
    let hint = format!("{FAINT}(`--output sql` shows them){FAINT:#}");
    writeln!(out, "  {STRONG}set {count} comments{STRONG:#} {hint}")
}

/// A number of things for people: `1 step`, `2 steps`.
pub fn counted(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
