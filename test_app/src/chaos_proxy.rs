//! A TCP proxy between the platform and its PostgreSQL that misbehaves on demand, and counts round trips.
//!
//! It reads as much of the protocol as it takes to find the end of each message (PostgreSQL manual, 55.7 Message Formats),
//! and it does not read TLS.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// Bytes read at once.
const CHUNK: usize = 16 * 1024;

/// The type of the message that says that the server has answered and waits.
const READY_FOR_QUERY: u8 = b'Z';

/// What the proxy does, to the connections there are and to those to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chaos {
    /// Passes everything on.
    None,
    /// Passes each piece on after this time, in both directions.
    Delay(Duration),
    /// Passes on so many bytes a second, in each direction.
    Throttle {
        /// At least 1.
        bytes_per_second: u32,
    },
    /// Closes connections, new ones as soon as they are accepted.
    Drop,
    /// As `Drop`, by a reset (RST) towards the platform.
    Reset,
    /// Keeps connections open and swallows what either side says: the other end is gone, and nobody was told.
    HalfOpen,
    /// Swallows what the server says, and passes on what the platform says: a statement is run, and nobody hears of it.
    Deaf,
}

/// The proxy. Its connections end when it is dropped.
#[derive(Debug)]
pub struct ChaosProxy {
    url: String,
    chaos: watch::Sender<Chaos>,
    counts: Arc<Counts>,
    _connections: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Counts {
    ready_for_queries: AtomicU64,
    flushes: AtomicU64,
    connections: AtomicU64,
}

/// Where the server listens.
#[derive(Debug, Clone)]
enum Upstream {
    Tcp(String, u16),
    Unix(PathBuf),
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToPlatform,
}

impl ChaosProxy {
    /// A proxy to the server of a `postgres://` URL, on a port of its own, that passes everything on.
    pub async fn start(url: &str) -> Self {
        let server: Config = url.parse().expect("a PostgreSQL URL");
        let upstream = upstream(&server);
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("the proxy's address");
        let user = server.get_user().expect("a URL with a user");
        let password = server.get_password().map_or_else(String::new, |password| {
            format!(":{}", String::from_utf8_lossy(password))
        });
        let database = server.get_dbname().unwrap_or(user);
        let (chaos, orders) = watch::channel(Chaos::None);
        let counts = Arc::new(Counts::default());
        let mut connections = JoinSet::new();
        connections.spawn(accept(listener, upstream, orders, Arc::clone(&counts)));
        Self {
            url: format!("postgres://{user}{password}@{address}/{database}?sslmode=disable"),
            chaos,
            counts,
            _connections: connections,
        }
    }

    /// The URL of the same database by way of the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Changes what the proxy does from now on.
    pub fn set(&self, chaos: Chaos) {
        self.chaos.send_replace(chaos);
    }

    /// How often the server has answered and waited since the start: the round trips of all connections. A message that
    /// carries several statements is one, and so is each end of a pipelined one.
    pub fn ready_for_queries(&self) -> u64 {
        self.counts.ready_for_queries.load(Ordering::SeqCst)
    }

    /// Pieces that the platform has sent since the start. Several messages in one piece cost one.
    pub fn flushes(&self) -> u64 {
        self.counts.flushes.load(Ordering::SeqCst)
    }

    /// Connections that the platform has opened since the start.
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::SeqCst)
    }
}

fn upstream(server: &Config) -> Upstream {
    let port = server.get_ports().first().copied().unwrap_or(5432);
    match server.get_hosts().first() {
        Some(Host::Tcp(host)) => Upstream::Tcp(host.clone(), port),
        Some(Host::Unix(directory)) => Upstream::Unix(directory.join(format!(".s.PGSQL.{port}"))),
        None => panic!("the URL names no host"),
    }
}

async fn accept(
    listener: TcpListener,
    upstream: Upstream,
    orders: watch::Receiver<Chaos>,
    counts: Arc<Counts>,
) {
    let mut connections = JoinSet::new();
    while let Ok((platform, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        counts.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(serve(
            platform,
            upstream.clone(),
            orders.clone(),
            Arc::clone(&counts),
        ));
    }
}

/// Serves one connection until either side ends it, or chaos does.
async fn serve(
    mut platform: TcpStream,
    upstream: Upstream,
    mut orders: watch::Receiver<Chaos>,
    counts: Arc<Counts>,
) {
    // Nothing may be late by accident. Where this fails, a test is slower and no less right.
    let _ = platform.set_nodelay(true);
    let passing = pass_on(&mut platform, upstream, orders.clone(), counts);
    let chaos = tokio::select! {
        biased;
        chaos = orders.wait_for(|chaos| chaos.cuts()) => chaos.map_or(Chaos::Drop, |chaos| *chaos),
        () = passing => Chaos::Drop,
    };
    if chaos == Chaos::Reset {
        platform
            .set_zero_linger()
            .expect("a connection that can be reset");
    }
}

/// Connects to the server and passes on what both sides say, until one of them ends the connection.
async fn pass_on(
    platform: &mut TcpStream,
    upstream: Upstream,
    orders: watch::Receiver<Chaos>,
    counts: Arc<Counts>,
) {
    let (from_platform, to_platform) = platform.split();
    // A server that does not let anybody in is one that ends the connection.
    match upstream {
        Upstream::Tcp(host, port) => {
            let Ok(mut server) = TcpStream::connect((host, port)).await else {
                return;
            };
            let _ = server.set_nodelay(true);
            let (from_server, to_server) = server.split();
            tokio::select! {
                () = pump(from_platform, to_server, Direction::ToServer, orders.clone(), &counts) => {}
                () = pump(from_server, to_platform, Direction::ToPlatform, orders, &counts) => {}
            }
        }
        Upstream::Unix(path) => {
            let Ok(mut server) = UnixStream::connect(path).await else {
                return;
            };
            let (from_server, to_server) = server.split();
            tokio::select! {
                () = pump(from_platform, to_server, Direction::ToServer, orders.clone(), &counts) => {}
                () = pump(from_server, to_platform, Direction::ToPlatform, orders, &counts) => {}
            }
        }
    }
}

/// Passes on what one side says until it ends.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    direction: Direction,
    orders: watch::Receiver<Chaos>,
    counts: &Counts,
) {
    let mut bytes = vec![0; CHUNK];
    let mut messages = Messages::default();
    while let Ok(count) = from.read(&mut bytes).await {
        let chaos = *orders.borrow();
        if chaos == Chaos::HalfOpen
            || (chaos == Chaos::Deaf && direction == Direction::ToPlatform && count > 0)
        {
            return swallow(from).await;
        }
        let piece = bytes.get(..count).unwrap_or_default();
        if piece.is_empty() {
            return;
        }
        match direction {
            Direction::ToServer => counts.flushes.fetch_add(1, Ordering::SeqCst),
            Direction::ToPlatform => {
                let ready = messages.ends_of_answers(piece);
                counts.ready_for_queries.fetch_add(ready, Ordering::SeqCst)
            }
        };
        tokio::time::sleep(chaos.wait(piece)).await;
        if to.write_all(piece).await.is_err() {
            return;
        }
    }
}

/// Reads on and keeps the connection open, even when its other side is gone. A connection that has lost a part never heals.
async fn swallow(mut from: impl AsyncRead + Unpin) {
    // How it ends is of no interest: it does not matter any more what is read.
    let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
    std::future::pending::<()>().await;
}

impl Chaos {
    fn cuts(self) -> bool {
        matches!(self, Self::Drop | Self::Reset)
    }

    /// How long a piece is kept back.
    fn wait(self, piece: &[u8]) -> Duration {
        match self {
            Self::Delay(wait) => wait,
            Self::Throttle { bytes_per_second } => {
                let bytes = u32::try_from(piece.len()).unwrap_or(u32::MAX);
                Duration::from_secs(bytes.into()) / bytes_per_second.max(1)
            }
            _ => Duration::ZERO,
        }
    }
}

/// Finds the messages in what the server says: a type of one byte and a length of four, which counts itself.
#[derive(Debug, Default)]
struct Messages {
    heading: Vec<u8>,
    /// Bytes of the message's body that are still to come.
    body: usize,
}

impl Messages {
    /// How many messages in this piece say that the server waits for the next query.
    fn ends_of_answers(&mut self, mut piece: &[u8]) -> u64 {
        let mut found = 0;
        loop {
            let skipped = self.body.min(piece.len());
            self.body -= skipped;
            piece = piece.get(skipped..).unwrap_or_default();
            let Some((byte, rest)) = piece.split_first() else {
                return found;
            };
            piece = rest;
            self.heading.push(*byte);
            if let [kind, length @ ..] = self.heading.as_slice()
                && let Ok(length) = <[u8; 4]>::try_from(length)
            {
                found += u64::from(*kind == READY_FOR_QUERY);
                let length = usize::try_from(u32::from_be_bytes(length)).expect("a length");
                self.body = length.saturating_sub(4);
                self.heading.clear();
            }
        }
    }
}
