//! Backfills: each runs once in each schema, in the order of the numbers.

use platform_schema::TenantKey;
use rowhouse::provisioner::backfill::pending_of;
use rowhouse::provisioner::namespace::Namespace;
use rowhouse::provisioner::order::Requester;
use rowhouse::provisioner::planner::PlanOptions;
use rowhouse::provisioner::upgrade::UpgradeOptions;
use tenant_schema::backfill::{Backfill, backfills};
use test_app::{TestPlatform, provision};

use crate::connect;

const ALL: [Backfill; 2] = [
    Backfill {
        number: 2,
        name: "shout the names of teams",
        table: "teams",
        set: "name = name || '!'",
        condition: "name NOT LIKE '%!'",
    },
    Backfill {
        number: 1,
        name: "name the teams",
        table: "teams",
        set: "name = 'team ' || name",
        condition: "name NOT LIKE 'team %'",
    },
];

#[tokio::test]
async fn backfills_run_once_in_the_order_of_their_numbers_and_in_one_tenant() {
    let site = TestPlatform::open().await;
    let mut schemas = Vec::new();
    for slug in ["acme", "globex"] {
        let tenant = provision(&site.platform, slug, "alice").await.tenant;
        let schema = tenant.schema;
        site.run(&format!(
            "INSERT INTO {schema}.teams (id, name) VALUES (gen_random_uuid(), 'red')"
        ))
        .await;
        schemas.push(schema);
    }
    let conn = connect(site.url()).await;
    let acme = Namespace::find(&schemas[0], &conn).await.unwrap();
    let pending = pending_of(&ALL, &acme, &conn).await.unwrap();
    let names: Vec<_> = pending
        .iter()
        .map(|batches| batches.name.as_str())
        .collect();
    assert_eq!(names, ["name the teams", "shout the names of teams"]);

    let options = UpgradeOptions {
        plan: PlanOptions {
            backfills: pending,
            ..PlanOptions::default()
        },
        ..UpgradeOptions::default()
    };
    let key = TenantKey::Slug("acme".parse().unwrap());
    let provisioner = &site.platform.provisioner;
    let requester = Requester::command_line();
    let upgraded = provisioner
        .upgrade(&key, &options, &requester)
        .await
        .unwrap();
    assert_eq!(upgraded.applied.rows_backfilled, 2);
    for (schema, expected) in schemas.iter().zip(["team red!", "red"]) {
        let names = format!("SELECT name FROM {schema}.teams");
        assert_eq!(site.texts(&names).await, [expected]);
    }
    assert_eq!(pending_of(&ALL, &acme, &conn).await.unwrap(), []);
    let globex = Namespace::find(&schemas[1], &conn).await.unwrap();
    assert_eq!(pending_of(&ALL, &globex, &conn).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_new_tenant_needs_none_of_the_backfills_there_are() {
    let site = TestPlatform::open().await;
    let tenant = provision(&site.platform, "acme", "alice").await.tenant;
    let finished = site.texts("SELECT name FROM shared.backfills WHERE finished_at IS NOT NULL");
    assert_eq!(finished.await.len(), backfills().len());
    let conn = connect(site.url()).await;
    let schema = Namespace::find(&tenant.schema, &conn).await.unwrap();
    assert_eq!(pending_of(backfills(), &schema, &conn).await.unwrap(), []);
}
