//! The server process: its settings, its start, and the wait until it accepts connections.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::binaries::Binaries;
use super::pid_file::PidFile;
use super::root::Root;
use super::socket::{PORT, SocketDirectory};
use super::{Durability, EmbeddedError, EmbeddedSettings, POLL, guard};

/// How long the server may take until it is ready: long enough to recover from a crash.
const READY_PATIENCE: Duration = Duration::from_mins(2);

/// How long a start is tried again for what passes by itself.
const TRANSIENT_PATIENCE: Duration = Duration::from_secs(10);

/// What the server says when a start may succeed a moment later: processes of one that was killed are still ending,
/// or another program's server was quicker.
const TRANSIENT: [&str; 2] = [
    "pre-existing shared memory block",
    "postmaster.pid\" already exists",
];

/// Size in bytes above which the log is begun anew.
const LONGEST_LOG: u64 = 10 << 20;

/// Lines of the log in an error.
const TAIL: usize = 8;

/// What every server of ours is set to.
const SETTINGS: [(&str, &str); 8] = [
    ("max_connections", "200"),
    // Creating or dropping a schema locks every object in it until the end of the transaction.
    ("max_locks_per_transaction", "1024"),
    ("shared_buffers", "128MB"),
    ("max_wal_size", "1GB"),
    ("unix_socket_permissions", "0700"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("jit", "off"),
];

/// Everything a start needs.
pub(super) struct Postmaster<'a> {
    pub(super) binaries: &'a Binaries,
    pub(super) root: &'a Root,
    pub(super) socket: &'a SocketDirectory,
    pub(super) settings: &'a EmbeddedSettings,
}

/// Whether the server of `root` is ready, once it has made up its mind. One that is ending is waited for as well.
pub(super) fn is_running(root: &Root) -> Result<bool, EmbeddedError> {
    let begun = Instant::now();
    loop {
        match PidFile::settle(&root.data()) {
            PidFile::Ready(_) => return Ok(true),
            PidFile::Busy(_) => pause(begun, root)?,
            PidFile::Absent | PidFile::Stale | PidFile::Misleading => return Ok(false),
        }
    }
}

impl Postmaster<'_> {
    /// Starts the server and waits until it is ready. Gives its guard, or nothing if another server was quicker.
    pub(super) fn start(&self) -> Result<Option<Child>, EmbeddedError> {
        let begun = Instant::now();
        loop {
            let mut log = self.log()?;
            let mut guard = self.spawn()?;
            if self.is_ready(&mut guard)? {
                return Ok(Some(guard));
            }
            let mut said = Vec::new();
            // Without the log there is still the fact that the server ended.
            let _ = log.read_to_end(&mut said);
            let said = String::from_utf8_lossy(&said);
            let is_transient = TRANSIENT.iter().any(|reason| said.contains(reason));
            if !is_transient || begun.elapsed() > TRANSIENT_PATIENCE {
                return Err(EmbeddedError::NotStarted {
                    tail: tail(&said),
                    log: self.root.log(),
                });
            }
            if is_running(self.root)? {
                return Ok(None);
            }
        }
    }

    /// The log, to be read from here on.
    fn log(&self) -> Result<File, EmbeddedError> {
        let mut log = self.root.open("server.log")?;
        let length = log.metadata().map_or(0, |log| log.len());
        let positioned = if length > LONGEST_LOG {
            log.set_len(0)
        } else {
            log.seek(SeekFrom::End(0)).map(drop)
        };
        positioned.map_err(|source| self.root.unwritable(source))?;
        Ok(log)
    }

    /// Starts the server's guard, which starts the server.
    fn spawn(&self) -> Result<Child, EmbeddedError> {
        let output = self.root.open("server.log")?;
        let users = self.root.path().join("users.lock");
        let mut command = self.command();
        let spawn = || {
            command
                .stdin(Stdio::null())
                .stdout(output.try_clone()?)
                .stderr(output);
            guard::attach(
                &mut command,
                users.as_os_str().as_bytes(),
                self.settings.linger,
            )?;
            command.spawn()
        };
        spawn().map_err(|source| self.root.unwritable(source))
    }

    fn command(&self) -> Command {
        let mut command = self.root.user().command(self.binaries.program("postgres"));
        command
            .arg("-D")
            .arg(self.root.data())
            .args(["-k", self.socket.path()])
            .args(["-p", PORT])
            // A socket only: no address to listen on.
            .args(["-h", ""]);
        let durability: &[(&str, &str)] = match self.settings.durability {
            Durability::Durable => &[("synchronous_commit", "off")],
            Durability::Disposable => &[
                ("fsync", "off"),
                ("synchronous_commit", "off"),
                ("full_page_writes", "off"),
            ],
        };
        for (name, value) in SETTINGS.iter().chain(durability) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        for (name, value) in &self.settings.extra {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command
    }

    /// Waits for the server; false if its guard ends first, as it does with the server.
    fn is_ready(&self, guard: &mut Child) -> Result<bool, EmbeddedError> {
        let begun = Instant::now();
        loop {
            if let PidFile::Ready(_) = PidFile::read(&self.root.data()) {
                return Ok(true);
            }
            if let Ok(Some(_)) = guard.try_wait() {
                return Ok(false);
            }
            pause(begun, self.root)?;
        }
    }
}

/// Waits until the next look, or gives up.
fn pause(begun: Instant, root: &Root) -> Result<(), EmbeddedError> {
    if begun.elapsed() > READY_PATIENCE {
        return Err(EmbeddedError::NotReady {
            seconds: READY_PATIENCE.as_secs(),
            log: root.log(),
        });
    }
    thread::sleep(POLL);
    Ok(())
}

/// The last lines of `text`.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(TAIL);
    lines.into_iter().skip(start).collect::<Vec<_>>().join("\n")
}
