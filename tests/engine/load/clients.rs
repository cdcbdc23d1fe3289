//! Those who read and write meanwhile, each query with the time that it took.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

use super::ROWS;

/// Between two queries of one client, so that the machine is loaded and not worn out.
const PAUSE: Duration = Duration::from_millis(2);

/// One query that a client made.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) begun: Instant,
    pub(super) took: Duration,
    /// Why it failed.
    pub(super) error: Option<String>,
}

/// Four clients at work.
pub(super) struct Clients {
    is_over: Arc<AtomicBool>,
    tasks: JoinSet<Vec<Query>>,
}

/// What a client does, over and over. `{n}` is a number that differs every time.
const KINDS: [&str; 4] = [
    "SELECT id, reference, total, measure FROM depot.orders WHERE id = {n}",
    "SELECT count(*), max(changed_at) FROM depot.orders WHERE team_id = {n} % 1000 + 1",
    "UPDATE depot.orders SET total = total + 1, changed_at = now() WHERE id = {n}",
    "INSERT INTO depot.orders (team_id, reference, measure) VALUES ({n} % 1000 + 1, gen_random_uuid(), 1)",
];

impl Clients {
    /// One client of each kind.
    pub(super) async fn start(url: &str) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for kind in KINDS {
            let (client, driver) = tokio_postgres::connect(url, NoTls).await.unwrap();
            tokio::task::spawn(driver);
            tasks.spawn(work(client, kind, Arc::clone(&is_over)));
        }
        Self { is_over, tasks }
    }

    /// Lets them finish what they are at; all their queries.
    pub(super) async fn stop(self) -> Vec<Query> {
        self.is_over.store(true, Ordering::SeqCst);
        self.tasks.join_all().await.into_iter().flatten().collect()
    }
}

async fn work(client: Client, kind: &str, is_over: Arc<AtomicBool>) -> Vec<Query> {
    let mut queries = Vec::new();
    let mut number: u32 = 1;
    while !is_over.load(Ordering::SeqCst) {
        // Steps of a large prime lead all over the table.
        number = (number + 611_953) % ROWS;
        let sql = kind.replace("{n}", &(number + 1).to_string());
        let begun = Instant::now();
        let done = client.simple_query(&sql).await;
        queries.push(Query {
            begun,
            took: begun.elapsed(),
            error: done.err().map(|error| format!("{error:?}")),
        });
        tokio::time::sleep(PAUSE).await;
    }
    queries
}
