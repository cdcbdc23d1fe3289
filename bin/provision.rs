//! The `provision` command line: parse, run, report.

use std::io::Write;
use std::process::ExitCode;

use rowhouse::cli::{ExitStatus, Provision};
use rowhouse::{config, http};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(status) => status.into(),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitStatus::Failed.into()
        }
    }
}

async fn run() -> anyhow::Result<ExitStatus> {
    let arguments: Provision = config::parse()?;
    http::start_log(arguments.log())?;
    arguments.run().await
}
