//! `provision doctor`: what the database lacks.

use super::ExitStatus;
use super::printer::{Printer, Row};
use crate::database::{Database, Pooling};
use crate::platform::Platform;
use crate::provisioner::doctor::{Finding, Verdict};

impl Row for Finding {
    const COLUMNS: &'static [&'static str] = &["check", "verdict", "detail"];

    fn cells(&self) -> Vec<String> {
        let verdict = match self.verdict {
            Verdict::Good => "good",
            Verdict::Warning => "warning",
            Verdict::Bad => "bad",
        };
        vec![
            self.check.to_owned(),
            verdict.to_owned(),
            self.detail.clone(),
        ]
    }
}

/// What the start found between this process and the server. A pooler that does harm has stopped the start.
fn pooler(database: &Database) -> Finding {
    let (serving, direct) = (database.serving(), database.connector());
    let detail = match serving.pooling() {
        Pooling::Session => "connections keep their sessions".to_owned(),
        Pooling::Transaction => format!(
            "{} pools transactions, which every lease is one of; provisioning goes to {}",
            serving.address(),
            direct.address()
        ),
    };
    Finding {
        check: "pooler",
        verdict: Verdict::Good,
        detail,
    }
}

/// Prints the findings; ends with 1 when one of them is bad.
///
/// # Errors
/// A failure of the database.
pub async fn run(platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let mut findings = platform.provisioner.examine().await?;
    findings.push(pooler(&platform.database));
    printer.list(&findings)?;
    let is_bad = findings
        .iter()
        .any(|finding| finding.verdict == Verdict::Bad);
    Ok(if is_bad {
        ExitStatus::Failed
    } else {
        ExitStatus::Done
    })
}
