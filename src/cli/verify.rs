//! `provision verify`: how a tenant's schema differs from the models.

use clap::Args;
use platform_schema::TenantKey;
use serde::Serialize;

use super::ExitStatus;
use super::printer::{OutputFormat, Printer, Row};
use crate::platform::Platform;
use crate::provisioner::verify::Verification;

/// Arguments of `provision verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// Its slug, its id, or the name of its schema.
    tenant: TenantKey,
}

/// One thing that an operator should know.
#[derive(Debug, Serialize)]
struct Finding {
    object: String,
    finding: String,
}

impl Verify {
    /// Prints what was found; ends with 3 when the schema is not that of the models, or reaches outside itself.
    ///
    /// # Errors
    /// An unknown tenant, or a failure of the database.
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        let verification = platform.provisioner.verify(&self.tenant).await?;
        let findings = findings(&verification);
        if printer.format() == OutputFormat::Json {
            printer.json(&verification)?;
        } else if !findings.is_empty() {
            printer.list(&findings)?;
        }
        Ok(if verification.is_sound() {
            ExitStatus::Done
        } else {
            ExitStatus::Differences
        })
    }
}

fn findings(verification: &Verification) -> Vec<Finding> {
    let differences = verification.differences.iter().map(|difference| Finding {
        object: difference.object.clone(),
        finding: difference.change.to_string(),
    });
    let unmanaged = verification.unmanaged.iter().map(|object| Finding {
        object: format!("{} {}", object.kind, object.name),
        finding: "is not managed and left alone".to_owned(),
    });
    let foreign = verification
        .foreign_references
        .iter()
        .map(|reference| Finding {
            object: reference.object.clone(),
            finding: format!("needs {} of schema {}", reference.needs, reference.schema),
        });
    differences.chain(unmanaged).chain(foreign).collect()
}

impl Row for Finding {
    const COLUMNS: &'static [&'static str] = &["object", "finding"];

    fn cells(&self) -> Vec<String> {
        vec![self.object.clone(), self.finding.clone()]
    }
}
