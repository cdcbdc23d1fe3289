//! What the start finds out about a pooler, and where it stops.

use rowhouse::config::{DatabaseConfig, Pooler};
use rowhouse::database::{Database, DatabaseError, PoolerError, Pooling};
use secrecy::SecretString;
use test_app::{PgBouncer, PoolMode, TestDatabase, config};
use tokio_postgres::NoTls;

/// A configuration with these URLs.
fn configured(url: &str, direct: Option<&str>, pooler: Pooler) -> DatabaseConfig {
    DatabaseConfig {
        direct_database_url: direct.map(SecretString::from),
        pooler,
        ..config(url).database
    }
}

/// What the start finds out.
async fn found(config: &DatabaseConfig) -> Result<Pooling, DatabaseError> {
    Ok(Database::open(config).await?.serving().pooling())
}

/// Why the pooler stops the start.
async fn refused(config: &DatabaseConfig) -> PoolerError {
    match found(config).await.unwrap_err() {
        DatabaseError::Pooler(error) => error,
        other => panic!("{other}"),
    }
}

/// Lets the pooler open that many sessions, which idle from then on.
async fn warm(bouncer: &PgBouncer, sessions: usize) {
    let mut clients = Vec::new();
    for _ in 0..sessions {
        let (client, driver) = tokio_postgres::connect(bouncer.url(), NoTls).await.unwrap();
        tokio::spawn(driver);
        client.batch_execute("BEGIN").await.unwrap();
        clients.push(client);
    }
    for client in clients {
        client.batch_execute("COMMIT").await.unwrap();
    }
}

#[tokio::test]
async fn a_server_keeps_sessions() {
    let database = TestDatabase::create().await;
    for direct in [None, Some(database.url())] {
        for pooler in [Pooler::Auto, Pooler::None] {
            let config = configured(database.url(), direct, pooler);
            assert_eq!(found(&config).await.unwrap(), Pooling::Session);
        }
    }
}

#[tokio::test]
async fn a_server_may_be_treated_as_a_pooler() {
    let database = TestDatabase::create().await;
    let config = configured(database.url(), None, Pooler::Transaction);
    assert_eq!(found(&config).await.unwrap(), Pooling::Transaction);
}

#[tokio::test]
async fn a_pooler_of_sessions_keeps_them() {
    let database = TestDatabase::create().await;
    let bouncer = PgBouncer::start(&database, PoolMode::Session, 5);
    warm(&bouncer, 3).await;
    let config = configured(bouncer.url(), None, Pooler::None);
    assert_eq!(found(&config).await.unwrap(), Pooling::Session);
}

#[tokio::test]
async fn a_pooler_of_transactions_is_found_however_many_sessions_it_has() {
    let database = TestDatabase::create().await;
    for mode in [PoolMode::Transaction, PoolMode::RoundRobin] {
        for sessions in [1, 2, 3, 4, 7] {
            let bouncer = PgBouncer::start(&database, mode, 8);
            warm(&bouncer, sessions).await;
            let config = configured(bouncer.url(), Some(database.url()), Pooler::Auto);
            let found = found(&config).await.unwrap();
            assert_eq!(found, Pooling::Transaction, "{mode:?}, {sessions} sessions");
        }
    }
}

#[tokio::test]
async fn a_pooler_of_one_session_is_found_without_waiting() {
    let database = TestDatabase::create().await;
    let bouncer = PgBouncer::start(&database, PoolMode::Transaction, 1);
    let config = configured(bouncer.url(), Some(database.url()), Pooler::Transaction);
    assert_eq!(found(&config).await.unwrap(), Pooling::Transaction);
}

#[tokio::test]
async fn a_pooler_of_transactions_that_is_denied_stops_the_start() {
    let database = TestDatabase::create().await;
    let bouncer = PgBouncer::start(&database, PoolMode::Transaction, 4);
    for direct in [None, Some(database.url())] {
        let config = configured(bouncer.url(), direct, Pooler::None);
        let error = refused(&config).await;
        assert!(matches!(error, PoolerError::Leaks), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("that tenant's rows (hint: set `POOLER` to"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_pooler_of_transactions_that_nothing_passes_by_stops_the_start() {
    let database = TestDatabase::create().await;
    let bouncer = PgBouncer::start(&database, PoolMode::Transaction, 4);
    for pooler in [Pooler::Auto, Pooler::Transaction] {
        let error = refused(&configured(bouncer.url(), None, pooler)).await;
        assert!(matches!(error, PoolerError::NotDirect), "{error}");
        assert!(
            error
                .to_string()
                .contains("hint: set `DIRECT_DATABASE_URL`")
        );
    }
    let through = configured(bouncer.url(), Some(bouncer.url()), Pooler::Auto);
    let error = refused(&through).await;
    assert!(matches!(error, PoolerError::DirectIsPooled), "{error}");
}

#[tokio::test]
async fn a_pooler_of_statements_stops_the_start() {
    let database = TestDatabase::create().await;
    let bouncer = PgBouncer::start(&database, PoolMode::Statement, 4);
    let config = configured(bouncer.url(), Some(database.url()), Pooler::Auto);
    let error = refused(&config).await.to_string();
    assert!(
        error.contains("refuses transactions: transaction blocks not allowed"),
        "{error}"
    );
}

#[tokio::test]
async fn two_urls_of_different_databases_stop_the_start() {
    let (database, other) = (TestDatabase::create().await, TestDatabase::create().await);
    let error = refused(&configured(database.url(), Some(other.url()), Pooler::Auto)).await;
    assert!(matches!(error, PoolerError::OtherDatabase), "{error}");
}

#[tokio::test]
async fn the_questions_leave_no_setting_and_no_transaction_behind() {
    let database = TestDatabase::create().await;
    let bouncer = PgBouncer::start(&database, PoolMode::Transaction, 1);
    let config = configured(bouncer.url(), Some(database.url()), Pooler::Auto);
    let database = Database::open(&config).await.unwrap();
    drop(database.serving().connect().await.unwrap());
    let (next, driver) = tokio_postgres::connect(bouncer.url(), NoTls).await.unwrap();
    tokio::spawn(driver);
    let changed = "SELECT count(*) FROM pg_settings WHERE source = 'session'
                      AND name NOT IN ('client_encoding', 'TimeZone', 'DateStyle', 'standard_conforming_strings')";
    next.batch_execute("BEGIN").await.unwrap();
    let changed: i64 = next.query_one(changed, &[]).await.unwrap().get(0);
    let prepared =
        "SELECT count(*) FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared%'";
    let prepared: i64 = next.query_one(prepared, &[]).await.unwrap().get(0);
    assert_eq!((changed, prepared), (0, 0));
}
