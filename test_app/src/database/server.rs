//! The server that all test processes of a cargo folder share, and the connections on which they make and drop databases.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rowhouse::database::embedded::{Durability, EmbeddedServer, EmbeddedSettings};
use rustix::fs::statvfs;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

/// How long the server waits for the next test binary before it stops.
const LINGER: Duration = Duration::from_secs(5);

/// The server's data are kept in memory where so many bytes of it are free. A run of all tests takes less than a tenth.
const MEMORY: u64 = 4 << 30;

static SERVER: OnceLock<EmbeddedServer> = OnceLock::new();

/// What databases are made and dropped in: it outlives the runtimes of the tests.
static KEEPER: OnceLock<Runtime> = OnceLock::new();

/// The keeper's connections to the server that nobody works with.
static IDLE: Mutex<Vec<Client>> = Mutex::new(Vec::new());

/// The server, started by the first test that needs it.
pub(super) fn server() -> &'static EmbeddedServer {
    SERVER.get_or_init(|| {
        let settings = EmbeddedSettings {
            durability: Durability::Disposable,
            linger: LINGER,
            // Its workers belong to nobody, and the login role may not end them to drop a database.
            extra: vec![("autovacuum".to_owned(), "off".to_owned())],
            ..EmbeddedSettings::at(directory())
        };
        EmbeddedServer::start(&settings).expect("the embedded server starts")
    })
}

/// Where the server keeps its data: in memory where the machine has much, else in cargo's folder. Each test makes and removes
/// some thousand files of tables, which a file system on a disk takes as long for as PostgreSQL does for everything else.
///
/// Each of cargo's folders has a server of its own, and so has each way to set one up: no test passes on what an older build
/// allowed.
fn directory() -> PathBuf {
    let target = target();
    let mut identity = DefaultHasher::new();
    (&target, EmbeddedServer::setup()).hash(&mut identity);
    let name = format!("rowhouse-test-{:x}", identity.finish());
    let memory = Path::new("/dev/shm");
    let free = statvfs(memory).map_or(0, |system| system.f_bavail * system.f_frsize);
    if free >= MEMORY {
        memory.join(name)
    } else {
        target.join(name)
    }
}

/// The folder that cargo builds in.
pub(super) fn target() -> PathBuf {
    let binary = std::env::current_exe().expect("the path of the test binary");
    let target = binary
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").exists());
    let target = target.expect("the test binary is in a target folder");
    target.to_owned()
}

/// The server's URL names its own database last.
pub(super) fn url_of(database: &str) -> String {
    let url = server().url();
    let (server, _) = url.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{database}")
}

/// The same URL for the superuser of the embedded server.
pub(super) fn as_superuser(url: &str) -> String {
    url.replacen("//rowhouse@", "//postgres@", 1)
}

/// A connection of the login role, for as long as the runtime lives.
pub(super) async fn connect(url: &str) -> Client {
    let (client, driver) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("a connection to the test's database");
    tokio::task::spawn(driver);
    client
}

/// Does some work beside the tests' own runtimes, which end before it does.
pub(super) fn keep<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    let keeper = KEEPER.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let keeper = builder.worker_threads(1).enable_all().build();
        keeper.expect("a runtime")
    });
    keeper.spawn(work)
}

fn idle() -> MutexGuard<'static, Vec<Client>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a statement on the server's own database.
pub(super) async fn run(sql: String) {
    let running = keep(async move {
        let known = idle().pop();
        let client = match known {
            Some(client) => client,
            None => connect(server().url()).await,
        };
        let done = client.batch_execute(&sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        idle().push(client);
    });
    running.await.expect("it was run");
}
