//! Settings and feature flags are remembered, and a change is in force on every node within a second, heard or not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rowhouse::platform::Platform;
use rowhouse::tenancy::ServedTenant;
use serde_json::{Value, json};
use tenant_schema::settings::known::MOST_SESSIONS;
use tenant_schema::settings::{FeatureFlagState, Setting, SettingChanges};
use test_app::{TestPlatform, config, provision};

use super::changes::{begin_silence, end_silence};

/// How soon something must have happened; generous, since machines are loaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a change may stay unnoticed, and some for a loaded machine.
const BELIEF: Duration = Duration::from_millis(1_500);

/// A node that listens, with the tenant acme.
async fn listening() -> (TestPlatform, Arc<ServedTenant>) {
    let site = TestPlatform::open().await;
    site.platform.changes.listen().await;
    provision(&site.platform, "acme", "alice").await;
    let acme = served(&site.platform, "acme").await;
    (site, acme)
}

async fn served(platform: &Platform, slug: &str) -> Arc<ServedTenant> {
    let slug = slug.parse().unwrap();
    platform.registry.resolve(&slug).await.unwrap()
}

/// How many sessions a user has at most, as the node knows it.
async fn most(platform: &Platform, tenant: &ServedTenant) -> Value {
    let known = platform.settings.of(tenant).await.unwrap();
    known.value(MOST_SESSIONS).unwrap().clone()
}

/// Changes the setting as a request does that another node serves.
async fn change(platform: &Platform, tenant: &ServedTenant, to: Value) {
    let mut lease = platform.pools.lease(&tenant.id).await.unwrap();
    let changes = SettingChanges {
        value: Some(to),
        ..SettingChanges::default()
    };
    lease
        .transaction(async |conn| {
            let row = Setting::lock(MOST_SESSIONS, conn).await?.unwrap();
            row.change(&changes, conn).await
        })
        .await
        .unwrap();
    lease.finish().await.unwrap();
}

#[tokio::test]
async fn what_nobody_changes_is_read_once() {
    let (site, acme) = listening().await;
    let first = site.platform.settings.of(&acme).await.unwrap();
    let again = site.platform.settings.of(&acme).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    site.platform.settings.forget(&acme.id);
    let later = site.platform.settings.of(&acme).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &later));
}

#[tokio::test]
async fn a_change_at_one_node_is_in_force_at_another_and_leaves_other_tenants_alone() {
    let (site, acme) = listening().await;
    let other = Platform::open(&config(site.url())).await.unwrap();
    provision(&site.platform, "globex", "bob").await;
    let globex = served(&site.platform, "globex").await;
    assert_eq!(most(&site.platform, &acme).await, json!(3));
    let theirs = site.platform.settings.of(&globex).await.unwrap();
    change(&other, &acme, json!(7)).await;
    site.platform.changes.catch_up().await;
    assert_eq!(most(&site.platform, &acme).await, json!(7));
    let still = site.platform.settings.of(&globex).await.unwrap();
    assert!(Arc::ptr_eq(&theirs, &still));
}

#[tokio::test]
async fn a_flag_that_is_made_at_one_node_is_there_at_another() {
    let (site, acme) = listening().await;
    let other = Platform::open(&config(site.url())).await.unwrap();
    let known = site.platform.settings.of(&acme).await.unwrap();
    assert!(known.flag("beta").is_none());
    let state = FeatureFlagState {
        enabled: true,
        rollout_percentage: 100,
        user_ids: Vec::new(),
        roles: Vec::new(),
        description: None,
    };
    let lease = other.pools.lease(&acme.id).await.unwrap();
    state.insert("beta", &lease).await.unwrap();
    lease.finish().await.unwrap();
    site.platform.changes.catch_up().await;
    let known = site.platform.settings.of(&acme).await.unwrap();
    assert!(known.flag("beta").unwrap().enabled);
}

#[tokio::test]
async fn a_change_is_in_force_within_a_second_although_its_announcement_is_lost() {
    let (site, acme) = listening().await;
    assert_eq!(most(&site.platform, &acme).await, json!(3));
    begin_silence(&site).await;
    let schema = &acme.schema_name;
    site.run(&format!(
        "UPDATE {}.settings SET value = '7' WHERE key = '{MOST_SESSIONS}'",
        schema.as_str()
    ))
    .await;
    let begun = Instant::now();
    while most(&site.platform, &acme).await != json!(7) {
        assert!(begun.elapsed() < PATIENCE, "still 3");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(begun.elapsed() < BELIEF, "{:?}", begun.elapsed());
    end_silence(&site).await;
}
