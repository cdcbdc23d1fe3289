//! A platform behind a PgBouncer of transactions, with tenants who could be taken for each other.

use std::ops::Deref;

use platform_schema::TenantId;
use test_app::{PgBouncer, PoolMode, TestDatabase, TestPlatform, provision};
use uuid::Uuid;

/// The id that a user of each tenant has.
pub(crate) const TWIN: Uuid = Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0001);

/// Tenants with a user of the same id, and a canary in the user's name.
#[derive(Debug)]
pub(crate) struct Site {
    platform: TestPlatform,
    /// The tenants.
    pub(crate) tenants: Vec<TenantId>,
    /// Between the platform and its database.
    pub(crate) bouncer: PgBouncer,
}

impl Site {
    /// So many tenants on so many sessions of the server.
    pub(crate) async fn open(tenants: usize, sessions: u32) -> Self {
        let database = TestDatabase::create().await;
        let bouncer = PgBouncer::start(&database, PoolMode::Transaction, sessions);
        let mut config = bouncer.config(&database);
        config.pool.pool_wait_ms = 30_000;
        let platform = TestPlatform::on(database, &config).await;
        let mut site = Self {
            platform,
            tenants: Vec::new(),
            bouncer,
        };
        for number in 0..tenants {
            let slug = format!("tenant-{number}");
            let created = provision(&site.platform.platform, &slug, "alice").await;
            let id = created.tenant.id;
            let twin = format!(
                "INSERT INTO tenant_{id}.users (id, email, username, last_name)
                 VALUES ('{TWIN}', 'twin@example.com', 'twin', '{}')",
                canary(&id)
            );
            site.run(&twin).await;
            site.tenants.push(id);
        }
        site
    }

    /// How many rows `query` gives to the login role, past the pooler.
    pub(crate) async fn count(&self, query: &str) -> usize {
        let rows = self.client.query(query, &[]).await;
        rows.unwrap_or_else(|error| panic!("{query}: {error:?}"))
            .len()
    }
}

impl Deref for Site {
    type Target = TestPlatform;

    fn deref(&self) -> &TestPlatform {
        &self.platform
    }
}

/// What is written in the row of a tenant's twin.
pub(crate) fn canary(tenant: &TenantId) -> String {
    format!("canary of {tenant}")
}
