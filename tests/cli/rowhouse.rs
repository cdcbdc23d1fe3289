//! A running `rowhouse`, stopped at the end of its test.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use test_app::Caller;

use super::shell::Shell;

/// How long the server may take to stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// Arguments with which callers may ask as often as they like.
pub(crate) const UNLIMITED: [&str; 6] = [
    "--rate-per-account",
    "0",
    "--rate-per-address",
    "0",
    "--rate-per-api-key",
    "0",
];

/// A `rowhouse serve` of a shell.
#[derive(Debug)]
pub(crate) struct Rowhouse {
    child: Child,
    address: String,
    /// What it printed until it served, line by line.
    pub(crate) printed: Vec<String>,
    /// Kept open, so that it can go on printing.
    _stdout: BufReader<ChildStdout>,
}

impl Rowhouse {
    /// A `rowhouse` that can still be changed.
    pub(crate) fn command(shell: &Shell, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rowhouse"));
        command
            .args(arguments)
            .current_dir(shell.folder())
            .env_clear()
            .env("DATABASE_URL", shell.database().url())
            .env("PASSWORD_COST", "4");
        command
    }

    /// Starts the server on a free port and waits until it says that it serves.
    pub(crate) fn serve(shell: &Shell) -> Self {
        Self::serve_with(shell, &[])
    }

    /// As [`Self::serve`], with further arguments.
    pub(crate) fn serve_with(shell: &Shell, arguments: &[&str]) -> Self {
        Self::serve_logging(shell, arguments, Stdio::null())
    }

    /// As [`Self::serve_with`], where its log goes to `log`.
    pub(crate) fn serve_logging(shell: &Shell, arguments: &[&str], log: impl Into<Stdio>) -> Self {
        let arguments = [&["serve", "--port", "0"], arguments].concat();
        let mut child = Self::command(shell, &arguments)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut printed = Vec::new();
        let address = loop {
            let mut line = String::new();
            assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "{printed:#?}");
            if let Some(rest) = line.strip_prefix("Rowhouse serves on ") {
                break rest.split(' ').next().unwrap().to_owned();
            }
            printed.push(line.trim().to_owned());
        };
        Self {
            child,
            address,
            printed,
            _stdout: stdout,
        }
    }

    /// Nobody in particular.
    pub(crate) fn anonymous(&self) -> Caller {
        Caller::anonymous(&self.address)
    }

    /// The id of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn stop(mut self, signal: Signal) -> ExitStatus {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "still running after {signal:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Rowhouse {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
