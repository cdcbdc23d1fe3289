//! How long a command that changes a schema waits for what others have locked.

use std::time::Duration;

use clap::Args;

use super::plan::Choices;
use super::progress;
use crate::provisioner::apply::options::ApplyOptions;

/// Arguments of commands that change a schema.
#[derive(Debug, Args)]
pub struct LockWait {
    /// Seconds to wait for what somebody else has locked, in short attempts that hold nobody up.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(..=86_400))]
    lock_wait: u64,
}

impl LockWait {
    /// How a plan is applied: with the hazards that are allowed, and progress on stderr.
    pub fn apply_options(&self, choices: &Choices) -> ApplyOptions {
        let patience = Duration::from_secs(self.lock_wait);
        ApplyOptions {
            allow: choices.allowed(),
            busy_patience: patience,
            lock_patience: patience,
            observer: Some(progress::on_stderr()),
            ..ApplyOptions::default()
        }
    }
}
