//! A directory for one test, and looks at the server in it from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rowhouse::database::embedded::{Durability, EmbeddedServer, EmbeddedSettings};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// Longest wait for another process.
const PATIENCE: Duration = Duration::from_secs(20);

/// A place for one server's data, removed with all that is in it.
pub(crate) struct Scratch {
    parent: PathBuf,
    directory: PathBuf,
}

impl Scratch {
    /// A place for the test of this name that does not exist yet, which the server's user can reach wherever the checkout is.
    pub(crate) fn new(name: &str) -> Self {
        let place = format!("rowhouse-{}-{name}", std::process::id());
        let parent = std::env::temp_dir().join(place);
        let scratch = Self {
            directory: parent.join("postgres"),
            parent,
        };
        scratch.remove();
        fs::create_dir_all(&scratch.parent).unwrap();
        scratch
    }

    /// Where the data is wanted.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A disposable server here.
    pub(crate) fn settings(&self) -> EmbeddedSettings {
        settings(&self.directory)
    }

    /// Starts the server.
    pub(crate) fn start(&self) -> EmbeddedServer {
        EmbeddedServer::start(&self.settings()).unwrap()
    }

    /// What is said when the server cannot start.
    pub(crate) fn refusal(&self, settings: &EmbeddedSettings) -> String {
        let refusal = EmbeddedServer::start(settings).unwrap_err().to_string();
        refusal.replace(&*self.parent.to_string_lossy(), "[scratch]")
    }

    fn remove(&self) {
        // The data may be elsewhere, with a link to it here.
        if let Ok(root) = fs::canonicalize(&self.directory) {
            let _ = fs::remove_dir_all(root);
        }
        let _ = fs::remove_dir_all(&self.parent);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A disposable server in `directory`.
pub(crate) fn settings(directory: &Path) -> EmbeddedSettings {
    EmbeddedSettings {
        durability: Durability::Disposable,
        ..EmbeddedSettings::at(directory)
    }
}

/// Runs SQL and gives the last value it selects, or an empty string.
pub(crate) fn query(url: &str, sql: &str) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
            .await
            .unwrap();
        runtime.spawn(connection);
        let messages = client.simple_query(sql).await.unwrap();
        let values = messages.iter().filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        values.last().unwrap_or_default().to_owned()
    })
}

/// Process of the server whose data is in `root`.
pub(crate) fn postmaster(root: &Path) -> Pid {
    let file = fs::read_to_string(root.join("pgdata/postmaster.pid")).unwrap();
    Pid::from_raw(file.lines().next().unwrap().parse().unwrap()).unwrap()
}

/// Kills a process outright.
pub(crate) fn kill(pid: Pid) {
    kill_process(pid, Signal::KILL).unwrap();
}

/// Waits until there is no process of that number.
pub(crate) fn assert_ends(pid: Pid) {
    let begun = Instant::now();
    while test_kill_process(pid).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "process {pid:?} is still there");
        thread::sleep(Duration::from_millis(10));
    }
}
