//! `provision orphans`: what has lost its other half.

use super::ExitStatus;
use super::printer::{Printer, Row};
use crate::platform::Platform;
use crate::provisioner::orphans::Orphan;

impl Row for Orphan {
    const COLUMNS: &'static [&'static str] = &["kind", "name"];

    fn cells(&self) -> Vec<String> {
        vec![self.kind.clone(), self.name.clone()]
    }
}

/// Lists the orphans; ends with 3 when there are any.
///
/// # Errors
/// A failure of the database.
pub async fn run(platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let orphans = platform.provisioner.orphans().await?;
    printer.list(&orphans)?;
    Ok(if orphans.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Differences
    })
}
