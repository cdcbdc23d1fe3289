//! `provision diff`: what turns one schema of the database into another, shown or done.

use clap::Args;

use super::lock_wait::LockWait;
use super::plan::Choices;
use super::printer::Printer;
use super::{ExitStatus, plan, progress};
use crate::platform::Platform;

/// Arguments of `provision diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The schema that is changed, as it is called in the database.
    #[arg(long, value_name = "SCHEMA")]
    from: String,
    /// The schema that it becomes like.
    #[arg(long, value_name = "SCHEMA")]
    to: String,
    /// Make the changes instead of showing them.
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    choices: Choices,
    #[command(flatten)]
    patience: LockWait,
}

impl Diff {
    /// Whether the changes are made, and not shown.
    pub fn applies(&self) -> bool {
        self.apply
    }

    /// Prints or makes the changes. Without `--apply` it ends with 3 when there are any.
    ///
    /// # Errors
    /// An unknown schema, a rename that contradicts the schemas, a hazard that is not allowed, a change that cannot be
    /// made, or a failure of the database.
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        let provisioner = &platform.provisioner;
        let options = self.choices.plan_options();
        let comparison = provisioner.compare(&self.from, &self.to, &options).await?;
        if !self.apply || comparison.plan.is_empty() {
            let subject = format!("schema {} into {}", self.from, self.to);
            return plan::print(
                &comparison.plan,
                &subject,
                &comparison.from,
                &self.choices,
                printer,
            );
        }
        let options = self.patience.apply_options(&self.choices);
        let applied = provisioner
            .apply(&comparison.from, &comparison.plan, &options)
            .await?;
        printer.message(&progress::summary(&self.from, &applied))?;
        Ok(ExitStatus::Done)
    }
}
