//! A shell in an empty folder, with an environment that names the test's database and nothing else.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;
use test_app::TestDatabase;

/// Where commands run: a folder and a database of the test's own.
#[derive(Debug)]
pub(crate) struct Shell {
    folder: TempDir,
    database: TestDatabase,
}

/// What a command did, in words.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code.
    pub(crate) code: Option<i32>,
    /// What it printed as data.
    pub(crate) stdout: String,
    /// What it said.
    pub(crate) stderr: String,
}

impl Shell {
    /// A shell on a migrated platform without tenants.
    pub(crate) async fn open() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            database: TestDatabase::create().await,
        }
    }

    /// The database that the shell's commands work on.
    pub(crate) fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// The folder that the shell's commands run in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A `provision` that can still be changed.
    pub(crate) fn provision(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_provision"));
        command
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .env("DATABASE_URL", self.database.url())
            .env("PASSWORD_COST", "4");
        command
    }

    /// Runs `provision` to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(&mut self.provision(arguments))
    }

    /// Runs `provision` to its end and asserts that it succeeds without a word on stderr; gives what it printed.
    pub(crate) fn print(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
        outcome.stdout
    }

    /// As [`Self::print`], with `--output json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--output", "json"]].concat();
        serde_json::from_str(&self.print(&arguments)).unwrap()
    }
}

impl Outcome {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        Self {
            code: status.code(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Asserts that the command failed with this code and said this, without having printed anything.
    pub(crate) fn assert_refused(&self, code: i32, message: &str) {
        let expected = (Some(code), "", message);
        assert_eq!(
            (self.code, self.stdout.as_str(), self.stderr.trim_end()),
            expected
        );
    }
}
