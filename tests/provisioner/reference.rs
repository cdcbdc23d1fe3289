//! The reference schema: made once, made again when the template changes, and the measure of new tenants.

use std::sync::Arc;

use rowhouse::platform::Platform;
use rowhouse::provisioner::introspect::{LiveSchema, fingerprints};
use rowhouse::provisioner::namespace::Namespace;
use test_app::{TestPlatform, config, provision};

use crate::connect;

const SCHEMAS: &str =
    "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^tenant_reference_' ORDER BY 1";

/// The reference as one process sees it.
async fn reference(platform: &Platform, url: &str) -> Arc<LiveSchema> {
    let conn = connect(url).await;
    platform.provisioner.reference(&conn).await.unwrap()
}

/// Makes the comment of a reference say that the schema is as it was made.
async fn vouch_for(name: &str, site: &TestPlatform) {
    let conn = connect(site.url()).await;
    let schema = Namespace::find(name, &conn).await.unwrap();
    let now = fingerprints(&[schema], &conn).await.unwrap().remove(0);
    let comment = format!("SELECT obj_description('{name}'::regnamespace, 'pg_namespace')");
    let comment = site.texts(&comment).await.remove(0);
    // Two hashes end it.
    let sentences = comment.rsplitn(3, ' ').last().unwrap();
    let (structure, order) = (now.structure, now.column_order);
    site.run(&format!(
        "COMMENT ON SCHEMA {name} IS '{sentences} {structure} {order}'"
    ))
    .await;
}

/// Another process on the same database: nothing that this one has cached.
async fn second_process(site: &TestPlatform) -> Platform {
    Platform::open(&config(site.url())).await.unwrap()
}

#[tokio::test]
async fn processes_that_need_a_reference_at_once_make_it_once() {
    let site = TestPlatform::open().await;
    for name in site.texts(SCHEMAS).await {
        site.run(&format!("DROP SCHEMA {name} CASCADE")).await;
    }
    let other = second_process(&site).await;
    // `DROP` and `CREATE` of a second making would leave another object of the same name.
    let (first, second) = tokio::join!(
        reference(&site.platform, site.url()),
        reference(&other, site.url())
    );
    assert_eq!(first, second);
    assert!(!first.structure.tables.is_empty());
    let made = site.texts(SCHEMAS).await;
    assert_eq!(made.len(), 1, "{made:?}");

    let oid = format!("SELECT '{}'::regnamespace::oid::text", made[0]);
    let before = site.texts(&oid).await;
    reference(&second_process(&site).await, site.url()).await;
    assert_eq!(site.texts(&oid).await, before, "a third process uses it");
    assert_eq!(site.platform.provisioner.orphans().await.unwrap(), []);
}

#[tokio::test]
async fn a_changed_template_makes_another_reference_and_drops_the_old_one() {
    let site = TestPlatform::open().await;
    let before = reference(&site.platform, site.url()).await;
    let old = site.texts(SCHEMAS).await;
    // Somebody else's schema of such a name, for it has no marker.
    site.run("CREATE SCHEMA tenant_reference_0123456789ab")
        .await;
    site.run("CREATE TABLE tenant_template.vehicles (id bigserial PRIMARY KEY)")
        .await;
    let after = reference(&site.platform, site.url()).await;
    assert!(before.structure.table("vehicles").is_none());
    assert!(after.structure.table("vehicles").is_some());
    assert_ne!(before.fingerprint, after.fingerprint);
    let new = site.texts(SCHEMAS).await;
    assert_eq!(new.len(), 2, "{new:?}");
    assert!(!new.contains(&old[0]), "{new:?}");
    assert!(new.contains(&"tenant_reference_0123456789ab".to_owned()));
}

#[tokio::test]
async fn a_dropped_reference_is_made_again_by_the_next_process() {
    let site = TestPlatform::open().await;
    let before = reference(&site.platform, site.url()).await;
    let name = site.texts(SCHEMAS).await.remove(0);
    site.run(&format!("DROP SCHEMA {name} CASCADE")).await;
    let after = reference(&second_process(&site).await, site.url()).await;
    assert_eq!(before, after);
    assert_eq!(site.texts(SCHEMAS).await, [name]);
}

#[tokio::test]
async fn a_reference_that_somebody_changed_is_made_again() {
    let site = TestPlatform::open().await;
    let before = reference(&site.platform, site.url()).await;
    let name = site.texts(SCHEMAS).await.remove(0);
    site.run(&format!("ALTER TABLE {name}.teams ADD meddled text"))
        .await;
    let after = reference(&second_process(&site).await, site.url()).await;
    assert_eq!(before, after);
    assert_eq!(site.texts(SCHEMAS).await, [name]);
}

#[tokio::test]
async fn a_new_tenant_has_the_fingerprint_of_the_reference() {
    let site = TestPlatform::open().await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant;
    let reference = reference(&site.platform, site.url()).await;
    let expected = reference.fingerprint.structure.as_str();
    assert_eq!(acme.fingerprint.as_deref(), Some(expected));
}

#[tokio::test]
async fn a_tenant_that_is_not_built_as_the_reference_says_is_not_created() {
    let site = TestPlatform::open().await;
    reference(&site.platform, site.url()).await;
    let name = site.texts(SCHEMAS).await.remove(0);
    site.run(&format!("ALTER TABLE {name}.teams ADD meddled text"))
        .await;
    vouch_for(&name, &site).await;
    let other = second_process(&site).await;
    let order = test_app::order(&other, "acme", "alice").await;
    let error = other.provisioner.create(&order).await.unwrap_err();
    assert!(
        error.to_string().contains("the reference schema"),
        "{error}"
    );
    let tenants = site.texts("SELECT id FROM shared.tenants").await;
    assert_eq!(tenants, Vec::<String>::new());
    let runs = site
        .texts("SELECT concat_ws(' ', kind, status) FROM shared.runs")
        .await;
    assert_eq!(runs, ["create failed"]);
}
