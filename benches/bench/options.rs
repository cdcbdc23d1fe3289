//! What `cargo bench -- …` takes, and how counts are scaled.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::ROWS;

/// Measures Rowhouse against its limits, prints one table and writes `target/bench/<row>.json`.
#[derive(Debug, Clone, Parser)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[command(name = "cargo bench --")]
pub(crate) struct Options {
    /// Rows to measure; none: all of them.
    #[arg(value_name = "ROW", value_parser = PossibleValuesParser::new(ROWS))]
    names: Vec<String>,
    /// Print the table as Markdown.
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Run Rowhouse's side of the named row alone for that many seconds, so that a profiler can attach.
    #[arg(long, value_name = "SECONDS", requires = "names")]
    profile_time: Option<u32>,
    /// What all counts are multiplied by.
    #[arg(long, env = "ROWHOUSE_BENCH_SCALE", default_value_t = 1.0, value_parser = scale)]
    scale: f64,
    /// What the measured server logs, as `LOG_LEVEL` of `rowhouse`; unset: its default.
    #[arg(long, env = "LOG_LEVEL")]
    log_level: Option<String>,
    /// Serve as a load process: a job and rounds come from stdin, outcomes go to stdout.
    #[arg(long, hide = true)]
    pub(crate) load: bool,
    /// Serve as the server under test, with routes that panic and that take too long.
    #[arg(long, hide = true)]
    pub(crate) troubled: bool,
    /// The database of such a server.
    #[arg(
        long,
        env = "DATABASE_URL",
        hide = true,
        default_value = "",
        hide_env_values = true
    )]
    pub(crate) database_url: String,
    /// A pooler, through which such a server also asks in the way that leaks.
    #[arg(long, hide = true)]
    pub(crate) naive: Option<String>,
    /// What Cargo passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// What the command line says. Ends the program with status 2 where that makes no sense.
    pub(crate) fn read() -> Self {
        let options = Self::parse();
        if options.profile_time.is_some() && options.chosen().len() > 1 {
            let message = "`--profile-time` takes the name of one row";
            Self::command()
                .error(ErrorKind::TooManyValues, message)
                .exit();
        }
        options
    }

    /// The rows to measure, in the order of the table.
    pub(crate) fn chosen(&self) -> Vec<&'static str> {
        let is_chosen =
            |row: &&str| self.names.is_empty() || self.names.iter().any(|name| name == row);
        ROWS.into_iter().filter(is_chosen).collect()
    }

    /// How long the row is to be profiled, if it is not to be measured.
    pub(crate) fn profile_time(&self) -> Option<Duration> {
        self.profile_time
            .map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// A count at this run's scale, at least `least`.
    pub(crate) fn scaled(&self, count: u32, least: u32) -> u32 {
        // A duration is the standard library's only whole number that is multiplied by a fraction without a cast.
        let scaled = Duration::from_secs(count.into()).mul_f64(self.scale);
        u32::try_from(scaled.as_secs())
            .unwrap_or(u32::MAX)
            .max(least)
    }

    /// Settings that every server under test gets.
    pub(crate) fn server_settings(&self) -> Vec<(&'static str, &str)> {
        let level = self.log_level.as_deref();
        level
            .map(|level| ("LOG_LEVEL", level))
            .into_iter()
            .collect()
    }

    /// The scale, for the report.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }
}

/// A factor of all counts.
fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if scale.is_finite() && scale > 0.0 => Ok(scale),
        _ => Err("it takes a number greater than zero".to_owned()),
    }
}

/// Where results, data and logs of benches lie: `target/bench`.
pub(crate) fn directory() -> PathBuf {
    let beside = Path::new(env!("CARGO_TARGET_TMPDIR"));
    beside.parent().unwrap_or(beside).join("bench")
}
