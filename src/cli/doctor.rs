//! `provision doctor`: what the database lacks.

use super::ExitStatus;
use super::printer::{Printer, Row};
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

/// Prints the findings; ends with 1 when one of them is bad.
///
/// # Errors
/// A failure of the database.
pub async fn run(platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let findings = platform.provisioner.examine().await?;
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
