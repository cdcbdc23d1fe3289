//! Growth: tenants that take connections from each other get more of them while there is room, and nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use platform_schema::TenantId;
use rowhouse::tenancy::TenantPools;
use test_app::{ChaosProxy, TestDatabase, TestPlatform, config, provision};
use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::session::{Session, two_tenants};

/// How soon something must have happened; generous, since machines are loaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until nothing is opened any more in the background. Where a lease asked for it, that has begun.
async fn settle(pools: &TenantPools) {
    let begun = Instant::now();
    tokio::task::yield_now().await;
    while pools.view().opening > 0 {
        assert!(begun.elapsed() < PATIENCE, "{:?}", pools.view());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// So many tenants.
async fn tenants(site: &TestPlatform, count: usize) -> Vec<TenantId> {
    let mut tenants = Vec::new();
    for number in 0..count {
        let slug = format!("tenant-{number}");
        let created = provision(&site.platform, &slug, "alice").await;
        tenants.push(created.tenant.id);
    }
    tenants
}

/// A lease of each in turn, so often.
async fn take_turns(pools: &TenantPools, tenants: &[TenantId], rounds: usize) {
    for _ in 0..rounds {
        for tenant in tenants {
            let lease = pools.lease(tenant).await.unwrap();
            Session::of(&*lease).await.assert_of(tenant);
            drop(lease);
            settle(pools).await;
        }
    }
}

#[tokio::test]
async fn tenants_taking_turns_end_up_with_a_connection_each() {
    let site = TestPlatform::open().await;
    let tenants = tenants(&site, 5).await;
    let pools = &site.platform.pools;
    take_turns(pools, &tenants, 5).await;
    let before = pools.view();
    take_turns(pools, &tenants, 3).await;
    let after = pools.view();
    assert_eq!(after.hits - before.hits, 15);
    assert_eq!(
        (after.opened, after.binds, after.rebinds),
        (before.opened, before.binds, before.rebinds)
    );
    assert!(after.idle <= 6, "{after:?}");
}

#[tokio::test]
async fn at_the_ceiling_no_more_are_opened() {
    let site = TestPlatform::open_with(|config| config.pool.pool_max_connections = 3).await;
    let tenants = tenants(&site, 5).await;
    let pools = &site.platform.pools;
    take_turns(pools, &tenants, 4).await;
    let view = pools.view();
    assert_eq!((view.opened, view.idle), (3, 3));
    assert!(view.rebinds > 5, "{view:?}");
}

#[tokio::test]
async fn a_connection_that_nobody_has_held_is_bound_before_another_is_bound_anew() {
    let site = TestPlatform::open().await;
    let tenants = tenants(&site, 3).await;
    let pools = &site.platform.pools;
    take_turns(pools, &tenants[..2], 5).await;
    // Takes the connection of another, for which one more is opened.
    take_turns(pools, &tenants[2..], 1).await;
    let before = pools.view();
    take_turns(pools, &tenants, 1).await;
    let after = pools.view();
    assert_eq!(after.rebinds, before.rebinds);
    assert_eq!(
        (after.hits - before.hits, after.binds - before.binds),
        (2, 1)
    );
}

#[tokio::test]
async fn while_none_can_be_opened_tenants_share_those_there_are_and_the_server_is_left_alone() {
    let database = TestDatabase::create().await;
    let proxy = ChaosProxy::start(database.url()).await;
    let site = TestPlatform::on(database, &config(proxy.url())).await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    drop(pools.lease(&acme).await.unwrap());
    settle(pools).await;
    let name = site.texts("SELECT current_database()").await.remove(0);
    site.run(&format!("ALTER DATABASE {name} CONNECTION LIMIT 1"))
        .await;
    let (opened, attempts) = (pools.view().opened, proxy.connections());
    let begun = Instant::now();
    let turns = [acme, globex];
    take_turns(pools, &turns, 20).await;
    let seconds = begun.elapsed().as_secs();
    assert_eq!(pools.view().opened, opened);
    assert!((1..=seconds + 1).contains(&(proxy.connections() - attempts)));
    site.run(&format!("ALTER DATABASE {name} CONNECTION LIMIT -1"))
        .await;
    while pools.view().opened == opened {
        assert!(begun.elapsed() < PATIENCE, "{:?}", pools.view());
        take_turns(pools, &turns, 1).await;
    }
}

/// A way to the database on which, once it is closed, new connections are taken and nobody answers.
struct Gate {
    url: String,
    is_closed: Arc<AtomicBool>,
    /// Those who came since.
    outside: UnboundedReceiver<TcpStream>,
}

impl Gate {
    async fn before(database: &TestDatabase) -> Self {
        let proxy = ChaosProxy::start(database.url()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (_, server) = proxy.url().split_once('@').unwrap();
        let (server, _) = server.split_once('/').unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let url = proxy.url().replace(server, &address);
        let is_closed = Arc::new(AtomicBool::new(false));
        let (sender, outside) = unbounded_channel();
        let (server, closed) = (server.to_owned(), Arc::clone(&is_closed));
        tokio::spawn(async move {
            let _proxy = proxy;
            while let Ok((mut stream, _)) = listener.accept().await {
                if closed.load(Ordering::SeqCst) {
                    sender.send(stream).unwrap();
                    continue;
                }
                let mut upstream = TcpStream::connect(&server).await.unwrap();
                stream.set_nodelay(true).unwrap();
                upstream.set_nodelay(true).unwrap();
                tokio::spawn(async move { copy_bidirectional(&mut stream, &mut upstream).await });
            }
        });
        Self {
            url,
            is_closed,
            outside,
        }
    }
}

#[tokio::test]
async fn nobody_waits_for_a_connection_that_is_opened_in_the_background_and_it_ends_with_the_pools()
{
    let database = TestDatabase::create().await;
    let mut gate = Gate::before(&database).await;
    let mut config = config(&gate.url);
    config.pool.pool_wait_ms = 60_000;
    let site = TestPlatform::on(database, &config).await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = site.platform.pools.clone();
    drop(pools.lease(&acme).await.unwrap());
    settle(&pools).await;
    gate.is_closed.store(true, Ordering::SeqCst);
    while pools.view().opening == 0 {
        for tenant in [&acme, &globex] {
            let lease = pools.lease(tenant).await.unwrap();
            Session::of(&*lease).await.assert_of(tenant);
        }
    }
    let lease = pools.lease(&acme).await.unwrap();
    Session::of(&*lease).await.assert_of(&acme);
    assert_eq!(pools.view().opening, 1);
    let mut attempt = timeout(PATIENCE, gate.outside.recv())
        .await
        .unwrap()
        .unwrap();
    drop((lease, pools, site));
    let mut said = Vec::new();
    // Sooner than an attempt is given up.
    let end = timeout(Duration::from_secs(8), attempt.read_to_end(&mut said)).await;
    assert!(end.is_ok(), "the attempt outlives the pools");
}
