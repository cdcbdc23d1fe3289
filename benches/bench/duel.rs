//! A duel: rounds of Rowhouse and of its limit by turns, so that what else happens on the machine meets both.

use std::collections::BTreeMap;
use std::io::{Write, stderr};
use std::time::Duration;

use crate::figures::{median, millis, number, percentile};
use crate::load::{Job, Load, Outcome, Round};
use crate::process;
use crate::report::{Bound, Row};
use crate::server::Server;
use crate::site::Site;

/// Rounds of each side that are measured. The figure of a side is the median of its rounds' rates.
const ROUNDS: usize = 5;

/// What one side did.
#[derive(Debug, Default)]
pub(crate) struct Side {
    /// Right answers a second, by round.
    rates: Vec<f64>,
    /// Microseconds until each right answer, sorted.
    pub(crate) latencies: Vec<u32>,
    /// How often each thing other than a right answer happened.
    pub(crate) others: BTreeMap<String, u32>,
    /// CPU time of the server under test.
    pub(crate) server: Duration,
    /// CPU time of the database.
    pub(crate) database: Duration,
    /// CPU time of the load process.
    pub(crate) load: Duration,
}

/// What both sides did.
#[derive(Debug)]
pub(crate) struct Duel {
    /// Rowhouse.
    pub(crate) ours: Side,
    /// Its limit.
    pub(crate) limit: Side,
}

impl Duel {
    /// Fights: one round of each side to warm up, then `requests` of each in rounds by turns. Nothing when the run is to
    /// profile: then Rowhouse's side alone runs.
    ///
    /// # Errors
    /// A load process that failed.
    pub(crate) fn fight(
        site: &Site,
        server: &Server,
        ours: &Job,
        limit: &Job,
        requests: u32,
    ) -> anyhow::Result<Option<Self>> {
        let mut load = Load::start(ours)?;
        if let Some(time) = site.options().profile_time() {
            profile(site, server, &mut load, time)?;
            return Ok(None);
        }
        let mut rival = Load::start(limit)?;
        let rounds = u32::try_from(ROUNDS).unwrap_or(u32::MAX);
        let round = Round::of((requests / rounds).max(1));
        load.run(round)?;
        rival.run(round)?;
        let mut duel = Self {
            ours: Side::default(),
            limit: Side::default(),
        };
        for _ in 0..ROUNDS {
            duel.ours.fight(site, server, &mut load, round)?;
            duel.limit.fight(site, server, &mut rival, round)?;
        }
        duel.ours.latencies.sort_unstable();
        duel.limit.latencies.sort_unstable();
        Ok(Some(duel))
    }

    /// The row of the report: rates, tails and CPU time, held to `ratio` of the limit's rate.
    pub(crate) fn row(&self, name: &'static str, ratio: f64) -> Row {
        let (ours, limit) = (&self.ours, &self.limit);
        let mut row = Row::new(name, "requests/s", ours.latencies.len());
        row.compare(ours.rate(), limit.rate(), Bound::AtLeast(ratio));
        row.tails(&ours.latencies);
        row.errors(&ours.others);
        row.errors(&limit.others);
        row.note(format!(
            "limit: p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms",
            millis(percentile(&limit.latencies, 50)),
            millis(percentile(&limit.latencies, 95)),
            millis(percentile(&limit.latencies, 99)),
        ));
        row.note(format!(
            "CPU a request: server {:.3} ms, database {:.3} ms, load {:.3} ms; limit: database {:.3} ms, load {:.3} ms",
            ours.each(ours.server),
            ours.each(ours.database),
            ours.each(ours.load),
            limit.each(limit.database),
            limit.each(limit.load),
        ));
        row
    }
}

impl Side {
    fn fight(
        &mut self,
        site: &Site,
        server: &Server,
        load: &mut Load,
        round: Round,
    ) -> anyhow::Result<()> {
        let database = process::children_cpu(site.postmaster());
        let (serving, loading) = (server.cpu(), load.cpu());
        let outcome = load.run(round)?;
        self.server += server.cpu().saturating_sub(serving);
        self.load += load.cpu().saturating_sub(loading);
        self.database += process::spent(&database, &process::children_cpu(site.postmaster()));
        self.absorb(outcome);
        Ok(())
    }

    fn absorb(&mut self, outcome: Outcome) {
        self.rates
            .push(number(outcome.latencies.len()) / outcome.took.as_secs_f64());
        self.latencies.extend(outcome.latencies);
        for (kind, count) in outcome.others {
            *self.others.entry(kind).or_default() += count;
        }
    }

    /// Right answers a second.
    pub(crate) fn rate(&self) -> f64 {
        median(self.rates.clone())
    }

    /// Milliseconds of a time for each right answer.
    pub(crate) fn each(&self, time: Duration) -> f64 {
        millis(time) / number(self.latencies.len()).max(1.0)
    }
}

/// Keeps Rowhouse's side busy for a while, so that a profiler can attach.
fn profile(site: &Site, server: &Server, load: &mut Load, time: Duration) -> anyhow::Result<()> {
    writeln!(
        stderr(),
        "the server is process {}, PostgreSQL is process {}; running for {} s",
        server.pid(),
        site.postmaster(),
        time.as_secs()
    )?;
    let mut ours = Side::default();
    ours.fight(site, server, load, Round::lasting(time))?;
    writeln!(
        stderr(),
        "{:.0} requests/s, CPU a request: server {:.3} ms, database {:.3} ms, load {:.3} ms, others {:?}",
        ours.rate(),
        ours.each(ours.server),
        ours.each(ours.database),
        ours.each(ours.load),
        ours.others
    )?;
    Ok(())
}
