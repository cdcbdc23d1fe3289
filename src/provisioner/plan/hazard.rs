//! Hazards: what a step can cost, and changes that cannot be made at all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a step can cost, in this schema as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hazard {
    /// What kind of cost.
    pub kind: HazardKind,
    /// What happens, for people.
    pub detail: String,
    /// How many rows, or bytes where `detail` says so, are concerned; unknown where counting failed or makes no sense.
    pub count: Option<i64>,
    /// Whether the step is only run when this kind is allowed.
    pub gated: bool,
}

/// A change that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// What cannot be changed: `column users.email`.
    pub object: String,
    /// Why, and what to do about it.
    pub reason: String,
    /// How many rows are in the way.
    pub count: Option<i64>,
    /// One of them.
    pub sample: Option<String>,
}

impl fmt::Display for Refusal {
    /// In one line: what, why, how many rows, one of them, and what to do.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (why, hint) = match self.reason.split_once(" (hint: ") {
            Some((why, hint)) => (why, hint.strip_suffix(')')),
            None => (self.reason.as_str(), None),
        };
        write!(formatter, "{}: {why}", self.object)?;
        let count = self.count.map(rows);
        let sample = self.sample.as_ref().map(|row| format!("such as {row}"));
        let facts: Vec<String> = count.into_iter().chain(sample).collect();
        let hint = hint.map(|hint| format!("hint: {hint}"));
        let facts = (!facts.is_empty()).then(|| facts.join(", "));
        let more: Vec<String> = facts.into_iter().chain(hint).collect();
        if more.is_empty() {
            return Ok(());
        }
        write!(formatter, " ({})", more.join("; "))
    }
}

/// A number of rows for people: `1,234 rows`.
pub fn rows(count: i64) -> String {
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

macro_rules! hazard_kinds {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)+) => {
        /// Kinds of hazard.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        pub enum HazardKind {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl HazardKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name that `--allow` takes.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

hazard_kinds! {
    /// Rows, values or labels are gone afterwards.
    DeletesData => "deletes-data",
    /// Readers and writers of the table wait while the step runs.
    AccessExclusive => "access-exclusive",
    /// The table is written anew, under its lock.
    TableRewrite => "table-rewrite",
    /// Writers of both tables of a foreign key wait while the step runs.
    ShareRowExclusive => "share-row-exclusive",
    /// Writers of the table wait while an index is built.
    Share => "share",
    /// An index is built, which takes time and disk.
    IndexBuild => "index-build",
    /// Queries lose an index.
    IndexDropped => "index-dropped",
    /// The whole table is read.
    ImpactsPerformance => "impacts-performance",
    /// Rows that are there, or come in between, can make the step fail.
    MayFailOnData => "may-fail-on-data",
    /// The step cannot be undone by a rollback of those around it.
    NonTransactional => "non-transactional",
    /// Statements that name or fill the old form fail afterwards.
    BreaksClients => "breaks-clients",
    /// The database stops guaranteeing something.
    ConstraintDropped => "constraint-dropped",
    /// Something may depend on the object in a way that the database does not record.
    UntrackableDependency => "untrackable-dependency",
    /// The result can be wrong in a way that no statement reports.
    Correctness => "correctness",
}

impl fmt::Display for HazardKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The text names no kind of hazard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no hazard (hint: one of {names}, or `all`)", names = names())]
pub struct HazardKindError(String);

impl FromStr for HazardKind {
    type Err = HazardKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kinds = Self::ALL.iter().copied();
        kinds
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| HazardKindError(text.to_owned()))
    }
}

fn names() -> String {
    let names = HazardKind::ALL.iter().map(|kind| format!("`{kind}`"));
    names.collect::<Vec<_>>().join(", ")
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

    #[test]
    fn a_refusal_names_the_rows_in_the_way() {
        let mut refusal = Refusal {
            object: "unique constraint u of t".to_owned(),
            reason: "rows share the same values (hint: make them differ)".to_owned(),
            count: Some(2_000),
            sample: Some("(1)".to_owned()),
        };
        let text = "unique constraint u of t: rows share the same values (2,000 rows, such as (1); hint: make them differ)";
        assert_eq!(refusal.to_string(), text);
        (refusal.count, refusal.sample) = (None, None);
        let text = "unique constraint u of t: rows share the same values (hint: make them differ)";
        assert_eq!(refusal.to_string(), text);
    }
}
