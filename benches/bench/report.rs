//! The report: one table of all rows on stdout, and `target/bench/<row>.json` for each.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Write, stdout};
use std::process::Command;

use chrono::{SecondsFormat, Utc};
use comfy_table::presets::{ASCII_MARKDOWN, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use crate::figures::{millis, percentile};
use crate::options::{Options, directory};
use crate::process;

/// The table's columns.
const COLUMNS: [&str; 11] = [
    "row", "n", "ours", "limit", "ratio", "unit", "p50 ms", "p95 ms", "p99 ms", "errors", "aims",
];

/// The columns that hold numbers.
const NUMBERS: [usize; 8] = [1, 2, 3, 4, 6, 7, 8, 9];

/// What was measured of one thing.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    name: &'static str,
    unit: &'static str,
    n: usize,
    ours: f64,
    limit: Option<f64>,
    ratio: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    errors: u32,
    aims: Vec<Aim>,
    notes: Vec<String>,
}

/// What a figure is to be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

#[derive(Debug, Serialize)]
struct Aim {
    what: String,
    measured: f64,
    bound: Bound,
    met: bool,
}

/// Where and when, as each file tells it.
#[derive(Debug, Serialize)]
struct Circumstances {
    machine: String,
    commit: String,
    date: String,
    scale: f64,
}

/// A row as its file tells it.
#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    row: &'a Row,
    #[serde(flatten)]
    circumstances: &'a Circumstances,
}

/// All rows so far.
#[derive(Debug)]
pub(crate) struct Report {
    circumstances: Circumstances,
    rows: Vec<Row>,
}

impl Row {
    /// A row of `n` measurements, of which nothing is said yet. Times are in milliseconds.
    pub(crate) fn new(name: &'static str, unit: &'static str, n: usize) -> Self {
        Self {
            name,
            unit,
            n,
            ours: 0.0,
            limit: None,
            ratio: None,
            p50: None,
            p95: None,
            p99: None,
            errors: 0,
            aims: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Says what was measured where nothing limits it.
    pub(crate) fn figure(&mut self, ours: f64) {
        self.ours = ours;
    }

    /// Compares with the limit, and holds the ratio to a bound.
    pub(crate) fn compare(&mut self, ours: f64, limit: f64, bound: Bound) {
        self.ours = ours;
        self.limit = Some(limit);
        self.ratio = Some(ours / limit);
        self.aim("ratio", ours / limit, bound);
    }

    /// Says how latencies, sorted and in microseconds, are distributed.
    pub(crate) fn tails(&mut self, sorted: &[u32]) {
        let tail = |percent| Some(millis(percentile(sorted, percent)));
        (self.p50, self.p95, self.p99) = (tail(50), tail(95), tail(99));
    }

    /// Counts what should not have happened.
    pub(crate) fn errors(&mut self, others: &BTreeMap<String, u32>) {
        for (kind, count) in others {
            self.errors += count;
            self.notes.push(format!("{count} × {kind}"));
        }
    }

    /// Holds a figure to a bound.
    pub(crate) fn aim(&mut self, what: impl Into<String>, measured: f64, bound: Bound) {
        let met = match bound {
            Bound::AtLeast(least) => measured >= least,
            Bound::AtMost(most) => measured <= most,
        };
        self.aims.push(Aim {
            what: what.into(),
            measured,
            bound,
            met,
        });
    }

    /// Says more, below the table.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    fn cells(&self) -> [String; 11] {
        let or_none = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), short);
        [
            self.name.to_owned(),
            self.n.to_string(),
            short(self.ours),
            or_none(self.limit),
            self.ratio
                .map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}")),
            self.unit.to_owned(),
            or_none(self.p50),
            or_none(self.p95),
            or_none(self.p99),
            self.errors.to_string(),
            self.aims
                .iter()
                .map(Aim::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        ]
    }
}

impl std::fmt::Display for Aim {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sign, bound) = match self.bound {
            Bound::AtLeast(least) => ('≥', least),
            Bound::AtMost(most) => ('≤', most),
        };
        let (what, measured) = (&self.what, short(self.measured));
        let verdict = if self.met { "met" } else { "missed" };
        write!(formatter, "{what} {measured} {sign} {bound}: {verdict}")
    }
}

impl Report {
    /// An empty report of a run on a version of PostgreSQL.
    pub(crate) fn begin(options: &Options, postgres: &str) -> Self {
        Self {
            circumstances: Circumstances {
                machine: format!("{}, PostgreSQL {postgres}", process::machine()),
                commit: commit(),
                date: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
                scale: options.scale(),
            },
            rows: Vec::new(),
        }
    }

    /// Adds a row and writes its file.
    pub(crate) fn add(&mut self, row: Row) -> anyhow::Result<()> {
        let document = Document {
            row: &row,
            circumstances: &self.circumstances,
        };
        let path = directory().join(format!("{}.json", row.name));
        fs::write(path, serde_json::to_string_pretty(&document)?)?;
        self.rows.push(row);
        Ok(())
    }

    /// Prints the table, with the notes below it.
    pub(crate) fn print(&self, as_markdown: bool) -> anyhow::Result<()> {
        let mut table = Table::new();
        table.load_style(if as_markdown {
            ASCII_MARKDOWN
        } else {
            UTF8_FULL_CONDENSED
        });
        table.set_header(COLUMNS);
        table.add_rows(self.rows.iter().map(Row::cells));
        for column in NUMBERS {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let Circumstances {
            machine,
            commit,
            date,
            scale,
        } = &self.circumstances;
        let mut out = stdout().lock();
        writeln!(out, "{date}, {machine}, commit {commit}, scale {scale}\n")?;
        writeln!(out, "{table}\n")?;
        for row in &self.rows {
            for note in &row.notes {
                writeln!(out, "- `{}`: {note}", row.name)?;
            }
        }
        Ok(())
    }
}

/// Three digits that matter, without an exponent.
fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        medium if medium >= 10.0 => format!("{medium:.1}"),
        medium if medium >= 0.1 => format!("{medium:.2}"),
        small => format!("{small:.3}"),
    }
}

/// The commit that is measured, and whether more was changed.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else {
        return "unknown".to_owned();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit} and changes"),
    }
}
