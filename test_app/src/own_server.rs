//! A PostgreSQL server that belongs to one test, which may crash it and start it again.

use std::process::Command;
use std::time::{Duration, Instant};

use rowhouse::database::embedded::{Durability, EmbeddedServer, EmbeddedSettings};
use tempfile::TempDir;

/// How long the server gets to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server. It stops, and its data go, when this is dropped.
#[derive(Debug)]
pub struct OwnServer {
    settings: EmbeddedSettings,
    /// `None` after a crash.
    running: Option<EmbeddedServer>,
    url: String,
    _directory: TempDir,
}

impl OwnServer {
    /// Makes the server and starts it. What it has acknowledged outlives its crash, though not the machine's.
    pub fn start() -> Self {
        let directory = TempDir::new().expect("a folder for the server");
        let settings = EmbeddedSettings {
            durability: Durability::Disposable,
            extra: vec![("synchronous_commit".to_owned(), "on".to_owned())],
            ..EmbeddedSettings::at(directory.path().join("postgres"))
        };
        let server = EmbeddedServer::start(&settings).expect("the server starts");
        Self {
            settings,
            url: server.url().to_owned(),
            running: Some(server),
            _directory: directory,
        }
    }

    /// The URL of the database, the same after a restart.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends the server at once, as `pg_ctl stop -m immediate` does: it writes nothing more, and has to recover.
    pub fn crash(&mut self) {
        let server = self.running.take().expect("the server runs");
        let pid_file = server.root().join("pgdata").join("postmaster.pid");
        let text = std::fs::read_to_string(&pid_file).expect("the server's process");
        let pid = text.lines().next().unwrap_or_default();
        let done = Command::new("kill").args(["-QUIT", pid]).status();
        assert!(done.is_ok_and(|status| status.success()), "kill {pid}");
        let begun = Instant::now();
        while pid_file.exists() {
            assert!(begun.elapsed() < PATIENCE, "the server goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts the server again and waits until it has recovered.
    pub fn restart(&mut self) {
        let server = EmbeddedServer::start(&self.settings).expect("the server starts again");
        assert_eq!(server.url(), self.url);
        self.running = Some(server);
    }
}
