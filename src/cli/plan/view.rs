//! A plan for people: what is done, why, under which lock, and how many rows it concerns, aligned and coloured.
//!
//! The colours are taken out again by the printer where the output is no terminal or `NO_COLOR` is set.

use std::fmt::{self, Display, Formatter};

use anstyle::{AnsiColor, Style};

use crate::provisioner::plan::hazard::{Hazard, HazardKind, Refusal};
use crate::provisioner::plan::step::{LockClass, Step};
use crate::provisioner::plan::{Plan, Transaction};

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const DANGER: Style = AnsiColor::Red.on_default().bold();
const CARE: Style = AnsiColor::Yellow.on_default();
const CALM: Style = AnsiColor::Green.on_default();

/// Names of steps are padded to at most this width.
const WIDEST_NAME: usize = 60;

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
        for step in &transaction.steps {
            self.write_step(out, step, width)?;
        }
        Ok(())
    }

    fn write_step(&self, out: &mut Formatter<'_>, step: &Step, width: usize) -> fmt::Result {
        let lock = match step.lock {
            LockClass::AccessExclusive => CARE,
            _ => CALM,
        };
        let name = &step.name;
        write!(out, "  {STRONG}{name:width$}{STRONG:#}")?;
        if !step.tables.is_empty() && step.lock != LockClass::None {
            let tables = step.tables.join(", ");
            write!(out, "  {lock}{} on {tables}{lock:#}", step.lock)?;
        }
        if step.rewrites {
            write!(out, "  {DANGER}rewrite{DANGER:#}")?;
        }
        writeln!(out)?;
        if let Some(why) = &step.why {
            writeln!(out, "      {FAINT}{why}{FAINT:#}")?;
        }
        for line in step.sql.lines() {
            writeln!(out, "      {line}")?;
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
            writeln!(out, "  {}", refusal_line(refusal))?;
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

/// A refusal in one line: what, why, how many rows, and one of them.
pub fn refusal_line(refusal: &Refusal) -> String {
    let Refusal { object, reason, .. } = refusal;
    let count = refusal.count.map(rows);
    let sample = refusal.sample.as_ref().map(|row| format!("such as {row}"));
    let facts: Vec<String> = count.into_iter().chain(sample).collect();
    if facts.is_empty() {
        format!("{object}: {reason}")
    } else {
        format!("{object}: {reason} ({})", facts.join(", "))
    }
}

fn rows(count: i64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (left, digit) in (0..digits.len()).rev().zip(digits.chars()) {
        grouped.push(digit);
        if left > 0 && left % 3 == 0 {
            grouped.push(',');
        }
    }
    let noun = if count == 1 { "row" } else { "rows" };
    format!("{grouped} {noun}")
}

fn counted(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_in_thousands() {
        assert_eq!(rows(1), "1 row");
        assert_eq!(rows(999), "999 rows");
        assert_eq!(rows(1_234_567), "1,234,567 rows");
    }
}
