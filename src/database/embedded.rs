//! The PostgreSQL server that Rowhouse runs itself when no `DATABASE_URL` is set.
//!
//! It is the real server, made by the `initdb` and `postgres` of the machine and reached by a Unix socket, so that
//! the default and production differ in nothing but the URL. Programs that use the same directory share one server;
//! the last one to leave stops it, and a guard process does so for programs that die without a word.
//!
//! The directory holds `pgdata/`, `server.log` and two locks: everybody who uses the server holds `users.lock`
//! shared, and whoever is about to start it holds `start.lock`.

mod binaries;
mod cluster;
mod error;
mod guard;
mod pid_file;
mod postmaster;
mod root;
mod server_user;
mod socket;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};

use self::binaries::Binaries;
pub use self::error::EmbeddedError;
use self::pid_file::PidFile;
use self::postmaster::Postmaster;
use self::root::Root;
use self::server_user::ServerUser;
use self::socket::SocketDirectory;

/// Name of the login role and of its database.
const NAME: &str = "rowhouse";

/// The oldest PostgreSQL we work with.
const OLDEST_MAJOR: u32 = 15;

/// Time between two looks at the server.
const POLL: Duration = Duration::from_millis(5);

/// How long a fast shutdown may take before [`EmbeddedServer::stop`] leaves it to the guard.
const STOP_PATIENCE: Duration = Duration::from_mins(1);

/// How a server is kept. Who starts it decides; those who find it running take it as it is.
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// The directory of the data. It is made if it is missing, and has to be empty or an earlier one of ours.
    pub directory: PathBuf,
    /// What a crash may cost.
    pub durability: Durability,
    /// How long the server outlives its last user: zero stops it at once.
    pub linger: Duration,
    /// Further settings of `postgresql.conf`, which win over ours.
    pub extra: Vec<(String, String)>,
    /// The directory with `postgres` and `initdb`; `None` searches the usual places.
    pub binaries: Option<PathBuf>,
    /// Who runs the server when we are root; `None` takes the owner of the data, `postgres` or `nobody`.
    pub server_user: Option<String>,
}

impl EmbeddedSettings {
    /// A durable server in `directory` that stops with its last user, from binaries found in the usual places.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            durability: Durability::Durable,
            linger: Duration::ZERO,
            extra: Vec::new(),
            binaries: None,
            server_user: None,
        }
    }
}

/// What a crash may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The last second of commits, whatever crashes: `fsync` is on and `synchronous_commit` off.
    Durable,
    /// All data if the machine crashes, the last second if the server does: nothing is forced to disk. For tests.
    Disposable,
}

/// A share in a running server. Dropping the last one stops the server.
#[derive(Debug)]
pub struct EmbeddedServer {
    root: Root,
    socket: SocketDirectory,
    url: String,
    is_first_start: bool,
    linger: Duration,
    /// Held shared for as long as we use the server; `None` once we have left.
    users: Option<File>,
    /// Parent of the server, if it was us who started it.
    guard: Option<Child>,
}

impl EmbeddedServer {
    /// Finds the server of `settings.directory` running, or starts it, making its data on the first start.
    ///
    /// Blocks until the server accepts connections: about a millisecond, a tenth of a second, or one to two seconds.
    /// Up to two minutes when it has to recover from a crash.
    ///
    /// # Errors
    /// The directory cannot be used, there is no fitting PostgreSQL, or the server does not come up.
    pub fn start(settings: &EmbeddedSettings) -> Result<Self, EmbeddedError> {
        let user = ServerUser::choose(settings.server_user.as_deref(), &settings.directory)?;
        let root = Root::prepare(&settings.directory, user)?;
        let users = root.open("users.lock")?;
        // Waits while a guard or the last user is stopping the server.
        users
            .lock_shared()
            .map_err(|source| root.unwritable(source))?;
        let starting = root.open("start.lock")?;
        starting.lock().map_err(|source| root.unwritable(source))?;

        let socket = SocketDirectory::prepare(&root)?;
        let mut server = Self {
            url: socket.url(NAME),
            root,
            socket,
            is_first_start: false,
            linger: settings.linger,
            users: Some(users),
            guard: None,
        };
        if !postmaster::is_running(&server.root)? {
            server.launch(settings)?;
        }
        Ok(server)
    }

    fn launch(&mut self, settings: &EmbeddedSettings) -> Result<(), EmbeddedError> {
        let data_major = cluster::major(&self.root);
        let binaries = Binaries::find(settings.binaries.as_deref(), &self.root, data_major)?;
        if data_major.is_none() {
            cluster::create(&binaries, &self.root, settings.durability)?;
            self.is_first_start = true;
        }
        let postmaster = Postmaster {
            binaries: &binaries,
            root: &self.root,
            socket: &self.socket,
            settings,
        };
        self.guard = postmaster.start()?;
        Ok(())
    }

    /// URL of the database, for a role that may log in and make databases and roles, and is no superuser.
    ///
    /// There is no password in it: the socket lies in a directory that only the server's user and root can enter.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the data really is: for root, this may not be where it was asked for.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The statements that a first start sets the data up with. Data that another build set up in another way stay as
    /// they are: whoever depends on what is in here keeps them apart.
    pub fn setup() -> String {
        cluster::setup()
    }

    /// Whether this start made the data.
    pub fn is_first_start(&self) -> bool {
        self.is_first_start
    }

    /// Leaves the server, and stops it if nobody else uses it and it is not to linger. Connections are cut.
    ///
    /// Dropping does the same. A program that is process 1 of a container has to get here before it exits, since the
    /// guard ends with it.
    pub fn stop(&mut self) {
        let Some(users) = self.users.take() else {
            return;
        };
        if self.linger.is_zero() && users.try_lock().is_ok() {
            interrupt(&self.root.data());
            self.socket.remove();
            if let Some(mut guard) = self.guard.take() {
                // It ends with the server, and there is nothing to be learned from how.
                let _ = guard.wait();
            }
        } else if let Some(mut guard) = self.guard.take() {
            // The guard goes on as long as the server, and leaves a zombie of this program if nobody waits for it.
            let _ = thread::Builder::new().spawn(move || guard.wait());
        }
    }
}

impl Drop for EmbeddedServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Asks the server of `data` for a fast shutdown and waits for its end.
fn interrupt(data: &Path) {
    let Some(pid) = PidFile::read(data).server() else {
        return;
    };
    if kill_process(pid, Signal::INT).is_err() {
        return;
    }
    let begun = Instant::now();
    while pid_file::is_server(pid, data) && begun.elapsed() < STOP_PATIENCE {
        thread::sleep(POLL);
    }
}
