//! The server under test: the `rowhouse` of this build as a process of its own, on a loopback port.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::options::directory;
use crate::process;

/// How long a server may take to stop before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(15);

/// What the line that tells the address begins with.
pub(crate) const ADDRESS: &str = "Rowhouse serves on http://";

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts a server on a database, with further settings as pairs of an environment variable and its value, and waits
    /// until it listens.
    ///
    /// Its log goes to `target/bench/server.log`, so that what requests write to it is paid as in production.
    ///
    /// # Errors
    /// A server that ends before it listens.
    pub(crate) fn start(url: &str, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let program = Command::new(env!("CARGO_BIN_EXE_rowhouse"));
        Self::run(program, "server.log", url, settings)
    }

    /// As [`Self::start`], with another program that tells its address in the same way, and another file for its log.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub(crate) fn run(
        mut program: Command,
        log: &str,
        url: &str,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let log = directory().join(log);
        let mut child = program
            // A folder without `.env` and `rowhouse.toml`: what is measured does not depend on where.
            .current_dir(directory())
            .env("DATABASE_URL", url)
            .env("PORT", "0")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .context("Failed to start the server")?;
        let stdout = child.stdout.take().context("the server has no stdout")?;
        let told = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix(ADDRESS)?.split(' ').next()?.to_owned()));
        let Some(address) = told else {
            let _ = child.wait();
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            bail!("the server did not start: {}", said.trim());
        };
        let address = address.parse().context("Failed to read the address")?;
        Ok(Self { child, address })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU time that it has used.
    pub(crate) fn cpu(&self) -> Duration {
        process::cpu(self.pid())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let begun = Instant::now();
        while begun.elapsed() < STOP_PATIENCE {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
