//! The server: parse, build, run.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rowhouse::config::{self, Config};
use rowhouse::{demo, http, server};

/// A schema-per-tenant SaaS platform on PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "rowhouse", version, max_term_width = 100)]
struct Rowhouse {
    #[command(flatten)]
    config: Config,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Serve the platform. This is what happens without a command, too.
    Serve,
    /// Serve the platform with two tenants, users and sample data, and print how to log in.
    Demo,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let arguments: Rowhouse = config::parse()?;
    http::start_log(&arguments.config.log)?;
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => server::serve(arguments.config, &mut std::io::stdout()).await,
        Command::Demo => demo::serve(arguments.config, &mut std::io::stdout()).await,
    }
}
