//! The platform's migrations: there and back, two processes at once, and what every table owes its readers.

use rowhouse::database::{Connector, migrations};
use test_app::TestDatabase;

/// Everything that the migrations make, in words, but for the rows.
const STRUCTURE: &str = "
    SELECT concat_ws(' ', 'schema', nspname, obj_description(oid)) FROM pg_namespace WHERE nspname IN ('shared', 'tenant_template')
    UNION ALL
    SELECT concat_ws(' ', 'relation', oid::regclass, relkind, relacl::text, obj_description(oid, 'pg_class')) FROM pg_class
     WHERE relnamespace::regnamespace::text IN ('shared', 'tenant_template')
    UNION ALL
    SELECT concat_ws(' ', 'column', table_schema, table_name, column_name, ordinal_position, data_type, is_nullable, column_default)
      FROM information_schema.columns WHERE table_schema IN ('shared', 'tenant_template')
    UNION ALL
    SELECT concat_ws(' ', 'comment', objoid::regclass, objsubid, description) FROM pg_description
     WHERE classoid = 'pg_class'::regclass AND objoid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
     WHERE connamespace::regnamespace::text IN ('shared', 'tenant_template')
    UNION ALL
    SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname IN ('shared', 'tenant_template')
     ORDER BY 1";

/// Relations that are ours, and not the record of the migrations themselves.
const OURS: &str = "relnamespace::regnamespace::text IN ('shared', 'tenant_template')
    AND relkind IN ('r', 'p') AND relname <> '__diesel_schema_migrations'";

fn connector(database: &TestDatabase) -> Connector {
    Connector::new(database.url(), 60).unwrap()
}

async fn texts(database: &TestDatabase, sql: &str) -> Vec<String> {
    let rows = database.client().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn up_and_down_and_up_again_ends_where_it_began() {
    let database = TestDatabase::empty().await;
    let connector = connector(&database);
    let ran = migrations::run(&connector).await.unwrap();
    assert!(migrations::are_current(&connector).await.unwrap());
    let first = texts(&database, STRUCTURE).await;

    assert_eq!(migrations::revert(&connector).await.unwrap(), ran);
    assert!(!migrations::are_current(&connector).await.unwrap());
    let left = format!("SELECT oid::regclass::text FROM pg_class WHERE {OURS}");
    assert_eq!(texts(&database, &left).await, Vec::<String>::new());

    assert_eq!(migrations::run(&connector).await.unwrap(), ran);
    assert_eq!(texts(&database, STRUCTURE).await, first);
    assert_eq!(migrations::run(&connector).await.unwrap(), 0);
}

#[tokio::test]
async fn the_way_back_does_not_drop_a_table_that_an_operator_added() {
    let database = TestDatabase::create().await;
    let client = database.client().await;
    client
        .batch_execute("CREATE TABLE tenant_template.vehicles (id bigint PRIMARY KEY)")
        .await
        .unwrap();
    let error = migrations::revert(&connector(&database)).await.unwrap_err();
    assert!(error.to_string().contains("tenant_template"), "{error}");
    let kept = "SELECT relname::text FROM pg_class WHERE relname = 'vehicles'";
    assert_eq!(texts(&database, kept).await, ["vehicles"]);
}

#[tokio::test]
async fn of_two_that_migrate_an_empty_database_at_once_one_does_it() {
    let database = TestDatabase::empty().await;
    let (one, another) = (connector(&database), connector(&database));
    let (one, another) = tokio::join!(migrations::run(&one), migrations::run(&another));
    let mut ran = [one.unwrap(), another.unwrap()];
    ran.sort_unstable();
    assert_eq!(ran[0], 0);
    assert!(ran[1] > 0);
}

#[tokio::test]
async fn an_empty_database_is_not_current() {
    let database = TestDatabase::empty().await;
    assert!(
        !migrations::are_current(&connector(&database))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn every_foreign_key_of_the_platform_leads_an_index() {
    let database = TestDatabase::create().await;
    let without = "SELECT k.conrelid::regclass || '.' || k.conname FROM pg_constraint k
         WHERE k.connamespace = 'shared'::regnamespace AND k.contype = 'f'
           AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indpred IS NULL
                              AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)";
    assert_eq!(texts(&database, without).await, Vec::<String>::new());
}

#[tokio::test]
async fn every_table_and_column_of_the_platform_has_a_comment() {
    let database = TestDatabase::create().await;
    let without = format!(
        "SELECT c.oid::regclass::text FROM pg_class c WHERE {OURS} AND obj_description(c.oid, 'pg_class') IS NULL
         UNION ALL
         SELECT c.oid::regclass || '.' || a.attname FROM pg_class c
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          WHERE {OURS} AND col_description(c.oid, a.attnum) IS NULL"
    );
    assert_eq!(texts(&database, &without).await, Vec::<String>::new());
}
