//! `cargo bench`: the table of figures, each row measured against its limit in the same run on the same PostgreSQL.
//!
//! Not criterion: a row is a rate, a tail and the CPU time of other processes under load that comes from a third one, and
//! criterion measures a function of its own process. `cargo bench -- --help` says what can be chosen.

mod active_cost;
mod duel;
mod figures;
mod known_caller;
mod leak_soak;
mod lease_overhead;
mod load;
mod login;
mod noisy_neighbour;
mod options;
mod process;
mod report;
mod request_by_id;
mod request_cold;
mod request_page;
mod server;
mod site;
mod troubled;

use std::io::{Write, stderr};

use options::Options;
use report::{Report, Row};
use site::Site;

/// Every row, in the order of the table.
pub(crate) const ROWS: [&str; 10] = [
    "request_by_id",
    "request_page",
    "request_cold",
    "lease_overhead",
    "known_token",
    "permission",
    "noisy_neighbour",
    "active_cost",
    "login",
    "leak_soak",
];

fn main() -> anyhow::Result<()> {
    let options = Options::read();
    if options.load {
        return load::serve();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    if options.troubled {
        return runtime.block_on(troubled::serve(
            &options.database_url,
            options.naive.as_deref(),
        ));
    }
    runtime.block_on(measure(&options))
}

async fn measure(options: &Options) -> anyhow::Result<()> {
    let names = options.chosen();
    let mut site = Site::open(options.clone()).await?;
    let mut report = Report::begin(options, site.postgres_version());
    for name in names {
        writeln!(stderr(), "measuring {name}")?;
        if let Some(row) = run(name, &mut site).await? {
            report.add(row)?;
        }
    }
    report.print(options.markdown)
}

/// Measures a row; nothing where it was only profiled.
async fn run(name: &str, site: &mut Site) -> anyhow::Result<Option<Row>> {
    match name {
        "request_by_id" => request_by_id::measure(site).await,
        "request_page" => request_page::measure(site).await,
        "request_cold" => request_cold::measure(site).await,
        "lease_overhead" => lease_overhead::measure(site).await,
        "known_token" => known_caller::token(site).await,
        "permission" => known_caller::decision(site).await,
        "noisy_neighbour" => noisy_neighbour::measure(site).await,
        "active_cost" => active_cost::measure(site).await,
        "login" => login::measure(site).await,
        "leak_soak" => leak_soak::measure(site).await,
        other => anyhow::bail!("`{other}` is in the list of rows and cannot be measured"),
    }
}
