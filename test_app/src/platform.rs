//! A platform of one test without a server: what the provisioner, the pools and the registry are tested on.

use rowhouse::config::Config;
use rowhouse::platform::Platform;
use tokio_postgres::Client;

use super::{TestDatabase, config};

/// An opened platform on a database of its own, which goes when it is dropped.
#[derive(Debug)]
pub struct TestPlatform {
    /// The platform.
    pub platform: Platform,
    /// A connection of the login role, for what no API shows.
    pub client: Client,
    /// Last, so that it is dropped when nothing uses it any more.
    database: TestDatabase,
}

impl TestPlatform {
    /// A migrated platform without tenants.
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    /// A migrated platform without tenants, configured by `change`.
    pub async fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        let database = TestDatabase::create().await;
        let mut config = config(database.url());
        change(&mut config);
        Self::on(database, &config).await
    }

    /// A platform on `database`, with a configuration that leads there.
    pub async fn on(database: TestDatabase, config: &Config) -> Self {
        Self {
            platform: Platform::open(config)
                .await
                .expect("the platform is opened"),
            client: database.client().await,
            database,
        }
    }

    /// The URL of the database.
    pub fn url(&self) -> &str {
        self.database.url()
    }

    /// The database of this test.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// Runs SQL as the login role.
    pub async fn run(&self, sql: &str) {
        self.client
            .batch_execute(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The first column of a query's rows, which is a text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.client.query(sql, &[]).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        rows.iter().map(|row| row.get(0)).collect()
    }
}
