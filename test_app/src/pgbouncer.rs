//! A PgBouncer of one test, between the test and its database.
//!
//! It listens on a Unix socket in a folder of its own, so that tests need no free ports, and it ends with the test, even
//! with one that is killed.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
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

/// Whom PgBouncer logs in as.
#[derive(Debug, Clone, Copy)]
enum Login {
    /// Whoever asks, of the platform's role and the first two of `LOGIN_ROLES`.
    WhoAsks,
    /// The platform's role, whoever asks.
    Platform,
}

/// A running PgBouncer, stopped when it is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    keeper: Child,
    url: String,
    _folder: TempDir,
}

impl PgBouncer {
    /// A PgBouncer with at most `pool_size` connections to the server of `database` for each login role. It lets in the
    /// platform's and the first two of `LOGIN_ROLES`.
    pub fn start(database: &TestDatabase, mode: PoolMode, pool_size: u32) -> Self {
        Self::launch(database, mode, Login::WhoAsks, pool_size)
    }

    /// A PgBouncer of transactions that logs in as the platform's role, whoever asks.
    pub fn start_with_one_login(database: &TestDatabase) -> Self {
        Self::launch(database, PoolMode::Transaction, Login::Platform, 1)
    }

    fn launch(database: &TestDatabase, mode: PoolMode, login: Login, pool_size: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder for PgBouncer");
        let path = folder.path().to_str().expect("a plain path").to_owned();
        let configuration = folder.path().join("pgbouncer.ini");
        fs::write(folder.path().join("users"), users(database)).expect("a list of users");
        let text = configured(database, mode, login, pool_size, &path);
        fs::write(&configuration, text).expect("a configuration of PgBouncer");
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "sh", program()])
            .arg(&configuration);
        let owner = fs::metadata(TestDatabase::data_directory()).expect("the server's data");
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
        let (user, name) = (database.user(), database.name());
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
    PLACES
        .into_iter()
        .find(|place| fs::exists(place).unwrap_or(false))
        .expect("PgBouncer is installed: `apt-get install pgbouncer`, or `brew install pgbouncer`")
}

/// Whom PgBouncer lets in, without passwords: the server of the tests asks for none.
fn users(database: &TestDatabase) -> String {
    let (name, user) = (database.name(), database.user());
    format!("\"{user}\" \"\"\n\"{name}_login_01\" \"\"\n\"{name}_login_02\" \"\"\n")
}

fn configured(
    database: &TestDatabase,
    mode: PoolMode,
    login: Login,
    pool_size: u32,
    folder: &str,
) -> String {
    let (pool_mode, round_robin) = match mode {
        PoolMode::Session => ("session", 0),
        PoolMode::Transaction => ("transaction", 0),
        PoolMode::RoundRobin => ("transaction", 1),
        PoolMode::Statement => ("statement", 0),
    };
    let (host, port) = database.address();
    let name = database.name();
    let (user, auth_type) = match login {
        Login::WhoAsks => (String::new(), "trust"),
        Login::Platform => (format!(" user={}", database.user()), "any"),
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
pool_mode = {pool_mode}
server_round_robin = {round_robin}
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
