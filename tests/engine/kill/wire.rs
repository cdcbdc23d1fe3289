//! A wire between a process and the database that stops at one statement, so that no moment of a kill is left to chance.
//!
//! It knows as much of PostgreSQL's protocol as it takes to read simple queries (PostgreSQL manual, 55.7 Message Formats).

use std::io;
use std::path::PathBuf;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, UnixStream, unix};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// How long the process gets to come to the stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks at a process that may have ended.
const PAUSE: Duration = Duration::from_millis(20);

/// The version that a client asks for in its last message without a type: 3.0.
const PROTOCOL: u32 = 196_608;

/// What only the session says that applies a plan.
const APPLYING: &str = "SET application_name = 'provision apply'";

/// Where the wire stops.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    /// The end of the statement.
    pub(super) statement: String,
    /// Which statement after that one it is: 1 is the next one.
    pub(super) later: usize,
    /// How far it comes.
    pub(super) moment: Moment,
}

/// How far the statement comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// The server never hears of it.
    Asked,
    /// The server is at it.
    Running,
    /// The server has done it, and the process never hears so.
    Done,
}

/// The wire.
pub(super) struct Wire {
    /// The database's URL by way of the wire.
    pub(super) url: String,
    stopped: Arc<Notify>,
    /// Ends, and with it all connections, when it is dropped.
    connections: JoinSet<()>,
}

/// What the connections of a wire share.
struct Shared {
    stop: Stop,
    stopped: Arc<Notify>,
    /// How many statements came from the stop's on.
    seen: AtomicUsize,
}

impl Wire {
    /// A wire to the database at `url` that stops at the first statement which is like that of the stop.
    pub(super) async fn lay(url: &str, stop: Stop) -> Self {
        let server: Config = url.parse().unwrap();
        let user = server.get_user().unwrap();
        let database = server.get_dbname().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(Notify::new());
        let shared = Arc::new(Shared {
            stop,
            stopped: Arc::clone(&stopped),
            seen: AtomicUsize::new(0),
        });
        let mut connections = JoinSet::new();
        connections.spawn(serve(listener, socket(&server), shared));
        Self {
            url: format!("postgres://{user}@{address}/{database}"),
            stopped,
            connections,
        }
    }

    /// Waits until the wire has stopped. Says whether it has: the process may end without coming by.
    pub(super) async fn is_stopped(&self, child: &mut Child) -> bool {
        let begun = Instant::now();
        while tokio::time::timeout(PAUSE, self.stopped.notified())
            .await
            .is_err()
        {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(begun.elapsed() < PATIENCE, "the process does not end");
        }
        true
    }

    /// Kills the process and cuts the wire.
    pub(super) async fn kill(mut self, mut child: Child) {
        child.kill().unwrap();
        child.wait().unwrap();
        self.connections.shutdown().await;
    }
}

/// The socket of the tests' server.
fn socket(server: &Config) -> PathBuf {
    let Some(Host::Unix(directory)) = server.get_hosts().first() else {
        panic!("the tests' server has no socket");
    };
    directory.join(format!(".s.PGSQL.{}", server.get_ports()[0]))
}

async fn serve(listener: TcpListener, server: PathBuf, shared: Arc<Shared>) {
    let mut pumps = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        // Answers in several parts would wait for an acknowledgement that the client delays by 40 ms.
        client.set_nodelay(true).unwrap();
        let server = UnixStream::connect(&server).await.unwrap();
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let is_stopping = Arc::new(AtomicBool::new(false));
        pumps.spawn(
            shared
                .clone()
                .ask(from_client, to_server, Arc::clone(&is_stopping)),
        );
        pumps.spawn(shared.clone().answer(from_server, to_client, is_stopping));
    }
}

impl Shared {
    /// Passes on what the client says, up to the stop.
    async fn ask(
        self: Arc<Self>,
        mut client: OwnedReadHalf,
        mut server: unix::OwnedWriteHalf,
        is_stopping: Arc<AtomicBool>,
    ) {
        let mut is_applying = false;
        let mut has_started = false;
        while let Ok(message) = read(&mut client, has_started).await {
            let is_start = !has_started && message[4..8] == PROTOCOL.to_be_bytes();
            let statement = has_started.then(|| statement(&message)).flatten();
            has_started = has_started || is_start;
            if let Some(statement) = statement {
                is_applying = is_applying || statement.contains(APPLYING);
                if is_applying && self.stops(statement) {
                    return self.hold(&message, client, server, &is_stopping).await;
                }
            }
            if server.write_all(&message).await.is_err() {
                break;
            }
        }
    }

    /// Whether the wire stops at this statement of the session that applies the plan.
    fn stops(&self, statement: &str) -> bool {
        let seen = self.seen.load(Ordering::SeqCst);
        if seen == 0 && !statement.ends_with(&self.stop.statement) {
            return false;
        }
        self.seen.store(seen + 1, Ordering::SeqCst);
        seen == self.stop.later
    }

    /// Keeps both ends open until the wire is cut.
    async fn hold(
        &self,
        message: &[u8],
        _client: OwnedReadHalf,
        mut server: unix::OwnedWriteHalf,
        is_stopping: &AtomicBool,
    ) {
        is_stopping.store(self.stop.moment == Moment::Done, Ordering::SeqCst);
        if self.stop.moment != Moment::Asked {
            server.write_all(message).await.unwrap();
        }
        if self.stop.moment != Moment::Done {
            self.stopped.notify_one();
        }
        std::future::pending::<()>().await;
    }

    /// Passes on what the server says, up to the answer that is kept back.
    async fn answer(
        self: Arc<Self>,
        mut server: unix::OwnedReadHalf,
        mut client: OwnedWriteHalf,
        is_stopping: Arc<AtomicBool>,
    ) {
        let mut bytes = vec![0; 65_536];
        while let Ok(count) = server.read(&mut bytes).await {
            if is_stopping.load(Ordering::SeqCst) {
                self.stopped.notify_one();
                std::future::pending::<()>().await;
            }
            if count == 0 || client.write_all(&bytes[..count]).await.is_err() {
                break;
            }
        }
    }
}

/// One message of a client with its heading: a type, which the first ones lack, and a length that counts itself.
async fn read(client: &mut OwnedReadHalf, has_type: bool) -> io::Result<Vec<u8>> {
    let heading = if has_type { 5 } else { 4 };
    let mut message = vec![0; heading];
    client.read_exact(&mut message).await?;
    let length = message[heading - 4..].try_into().map(u32::from_be_bytes);
    let length = usize::try_from(length.unwrap()).unwrap();
    message.resize(heading - 4 + length, 0);
    client.read_exact(&mut message[heading..]).await?;
    Ok(message)
}

/// The text of a simple query.
fn statement(message: &[u8]) -> Option<&str> {
    let text = message.strip_prefix(b"Q")?;
    std::str::from_utf8(&text[4..text.len() - 1]).ok()
}
