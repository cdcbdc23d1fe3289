//! A PgBouncer of one test, between the test and its database; of one bench, too.
//!
//! It listens on a Unix socket in a folder of its own, so that tests need no free ports, and it ends with the test, even
//! with one that is killed.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rowhouse::config::Config;
use secrecy::SecretString;
use tempfile::TempDir;

use super::{TestDatabase, config};

/// Part of the socket's name; there is no TCP port.
const PORT: u16 = 6432;

/// Where packages put the program, which is not on everybody's `PATH`.
const PLACES: [&str; 3] = [
    "/usr/sbin/pgbouncer",
    "/usr/local/bin/pgbouncer",
    "/opt/homebrew/bin/pgbouncer",
];

/// Runs its arguments until its own input ends, which it does when the test is gone in whatever way.
const KEEPER: &str = r#""$@" & read -r _; kill -9 $!; wait $!"#;

/// What PgBouncer says once it listens.
const IS_UP: &str = "process up";

/// When PgBouncer takes a server connection away from a client connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolMode {
    /// When the client goes.
    Session,
    /// After each transaction; the server connection that idled last is taken next.
    Transaction,
    /// After each transaction; the server connection that has idled longest is taken next.
    RoundRobin,
    /// After each statement; transactions are refused.
    Statement,
}

impl PoolMode {
    /// As the configuration says it.
    fn settings(self) -> &'static str {
        match self {
            Self::Session => "pool_mode = session",
            Self::Transaction => "pool_mode = transaction",
            Self::RoundRobin => "pool_mode = transaction\nserver_round_robin = 1",
            Self::Statement => "pool_mode = statement",
        }
    }
}

/// Whom PgBouncer logs in as.
#[derive(Debug, Clone, Copy)]
enum Login {
    /// Whoever asks, of the platform's role and the first two of `LOGIN_ROLES`.
    WhoAsks,
    /// The platform's role, whoever asks.
    Platform,
}

/// The database that PgBouncer leads to.
#[derive(Debug)]
struct Upstream {
    /// The platform's role.
    user: String,
    /// Folder and number of the server's socket.
    folder: String,
    port: String,
    /// Name of the database.
    name: String,
}

impl Upstream {
    /// What a URL of the form `postgres://user@folder:port/name` says, the folder's slashes escaped.
    fn of(url: &str) -> Self {
        let (_, rest) = url.split_once("://").expect("a URL");
        let (user, rest) = rest.split_once('@').expect("a URL with a user");
        let (address, name) = rest.split_once('/').expect("a URL with a database");
        let (folder, port) = address.split_once(':').expect("a URL with a port");
        Self {
            user: user.to_owned(),
            folder: folder.replace("%2F", "/"),
            port: port.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The server's socket, which belongs to the user that it runs as (manual, `unix_socket_directories`).
    fn socket(&self) -> PathBuf {
        Path::new(&self.folder).join(format!(".s.PGSQL.{}", self.port))
    }
}

/// A running PgBouncer, stopped when it is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    keeper: Child,
    url: String,
    _folder: TempDir,
}

impl PgBouncer {
    /// Whether there is one to start.
    pub fn is_installed() -> bool {
        find().is_some()
    }

    /// A PgBouncer with at most `pool_size` connections to the server of `database` for each login role. It lets in the
    /// platform's and the first two of `LOGIN_ROLES`.
    pub fn start(database: &TestDatabase, mode: PoolMode, pool_size: u32) -> Self {
        Self::start_at(database.url(), mode, pool_size)
    }

    /// As [`Self::start`], before the database of a URL that leads to the socket of an embedded server.
    pub fn start_at(url: &str, mode: PoolMode, pool_size: u32) -> Self {
        Self::launch(&Upstream::of(url), mode, Login::WhoAsks, pool_size)
    }

    /// A PgBouncer of transactions that logs in as the platform's role, whoever asks.
    pub fn start_with_one_login(database: &TestDatabase) -> Self {
        let upstream = Upstream::of(database.url());
        Self::launch(&upstream, PoolMode::Transaction, Login::Platform, 1)
    }

    fn launch(upstream: &Upstream, mode: PoolMode, login: Login, pool_size: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder for PgBouncer");
        let path = folder.path().to_str().expect("a plain path").to_owned();
        let configuration = folder.path().join("pgbouncer.ini");
        fs::write(folder.path().join("users"), users(upstream)).expect("a list of users");
        let text = configured(upstream, mode, login, pool_size, &path);
        fs::write(&configuration, text).expect("a configuration of PgBouncer");
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "sh", program()])
            .arg(&configuration);
        let owner = fs::metadata(upstream.socket()).expect("the server's socket");
        if fs::metadata(&path).is_ok_and(|folder| folder.uid() != owner.uid()) {
            chown(&path, Some(owner.uid()), Some(owner.gid())).expect("a folder to give away");
            command.uid(owner.uid()).gid(owner.gid());
        }
        let mut keeper = command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell");
        wait_until_up(&mut keeper);
        let Upstream { user, name, .. } = upstream;
        let host = path.replace('/', "%2F");
        Self {
            keeper,
            url: format!("postgres://{user}@{host}:{PORT}/{name}"),
            _folder: folder,
        }
    }

    /// A configuration for tests that serves through PgBouncer and passes it by for the rest.
    pub fn config(&self, database: &TestDatabase) -> Config {
        let mut config = config(&self.url);
        config.database.direct_database_url = Some(SecretString::from(database.url()));
        config
    }

    /// The URL of the test's database through PgBouncer.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // The end of its input lets the shell end PgBouncer and then itself.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn program() -> &'static str {
    find()
        .expect("PgBouncer is installed: `apt-get install pgbouncer`, or `brew install pgbouncer`")
}

fn find() -> Option<&'static str> {
    PLACES
        .into_iter()
        .find(|place| fs::exists(place).unwrap_or(false))
}

/// Whom PgBouncer lets in, without passwords: the server of the tests asks for none.
fn users(upstream: &Upstream) -> String {
    let Upstream { name, user, .. } = upstream;
    format!("\"{user}\" \"\"\n\"{name}_login_01\" \"\"\n\"{name}_login_02\" \"\"\n")
}

fn configured(
    upstream: &Upstream,
    mode: PoolMode,
    login: Login,
    pool_size: u32,
    folder: &str,
) -> String {
    let mode = mode.settings();
    let Upstream {
        folder: host,
        port,
        name,
        ..
    } = upstream;
    let (user, auth_type) = match login {
        Login::WhoAsks => (String::new(), "trust"),
        Login::Platform => (format!(" user={}", upstream.user), "any"),
    };
    format!(
        "[databases]
{name} = host={host} port={port} dbname={name}{user}
[pgbouncer]
auth_type = {auth_type}
auth_file = {folder}/users
listen_port = {PORT}
unix_socket_dir = {folder}
unix_socket_mode = 0700
{mode}
default_pool_size = {pool_size}
max_client_conn = 500
query_wait_timeout = 60
ignore_startup_parameters = extra_float_digits
"
    )
}

/// Reads what PgBouncer says until it listens, and then lets a thread read on, so that it never waits for a reader.
fn wait_until_up(keeper: &mut Child) {
    let mut said = BufReader::new(keeper.stderr.take().expect("what PgBouncer says"));
    let mut so_far = String::new();
    while !so_far.contains(IS_UP) {
        let read = said.read_line(&mut so_far).expect("a line of PgBouncer");
        assert!(read > 0, "PgBouncer does not start: {so_far}");
    }
    std::thread::spawn(move || said.read_to_end(&mut Vec::new()));
}
