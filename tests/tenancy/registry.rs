//! The registry cache: who is served, and how soon a change made elsewhere is in force.

use std::time::{Duration, Instant};

use platform_schema::{TenantId, TenantKey};
use rowhouse::tenancy::ResolveError;
use test_app::{TestPlatform, provision};

/// How long a change may take to be in force: a second in the cache, and some for a loaded machine.
const SOON: Duration = Duration::from_millis(1_500);

fn slug(text: &str) -> TenantKey {
    TenantKey::Slug(text.parse().unwrap())
}

/// Resolves until the outcome is as expected; says how long that took.
async fn wait_for(
    site: &TestPlatform,
    key: &TenantKey,
    expected: impl Fn(&Result<TenantId, ResolveError>) -> bool,
) -> Duration {
    let begun = Instant::now();
    loop {
        let outcome = site.platform.registry.resolve(key).await;
        let outcome = outcome.map(|tenant| tenant.id.clone());
        if expected(&outcome) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < 4 * SOON, "still {outcome:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn set_status(site: &TestPlatform, status: &str) {
    site.run(&format!("UPDATE shared.tenants SET status = '{status}'"))
        .await;
}

#[tokio::test]
async fn a_tenant_is_found_by_its_slug_and_by_its_id() {
    let site = TestPlatform::open().await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant;
    for key in [slug("acme"), TenantKey::Id(acme.id.clone())] {
        let found = site.platform.registry.resolve(&key).await.unwrap();
        assert_eq!(found.id, acme.id);
    }
}

#[tokio::test]
async fn a_name_that_nobody_has_is_unknown_until_somebody_has_it() {
    let site = TestPlatform::open().await;
    let key = slug("acme");
    let nobody = site.platform.registry.resolve(&key).await.unwrap_err();
    assert!(matches!(nobody, ResolveError::Unknown));
    let acme = provision(&site.platform, "acme", "alice").await.tenant;
    let waited = wait_for(
        &site,
        &key,
        |found| matches!(found, Ok(id) if *id == acme.id),
    )
    .await;
    assert!(waited < Duration::from_millis(500), "{waited:?}");
}

#[tokio::test]
async fn a_suspension_made_elsewhere_is_in_force_within_a_second_and_so_is_its_end() {
    let site = TestPlatform::open().await;
    provision(&site.platform, "acme", "alice").await;
    let key = slug("acme");
    site.platform.registry.resolve(&key).await.unwrap();
    set_status(&site, "suspended").await;
    let is_suspended = |found: &Result<_, _>| matches!(found, Err(ResolveError::Suspended));
    let waited = wait_for(&site, &key, is_suspended).await;
    assert!(waited < SOON, "{waited:?}");
    set_status(&site, "active").await;
    let waited = wait_for(&site, &key, Result::is_ok).await;
    assert!(waited < SOON, "{waited:?}");
}

#[tokio::test]
async fn a_tenant_that_is_asked_for_all_the_time_does_not_outlive_its_entry() {
    let site = TestPlatform::open().await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant;
    let (key, id) = (slug("acme"), TenantKey::Id(acme.id));
    site.platform.registry.resolve(&key).await.unwrap();
    site.platform.registry.resolve(&id).await.unwrap();
    set_status(&site, "archived").await;
    for key in [key, id] {
        let is_archived = |found: &Result<_, _>| matches!(found, Err(ResolveError::Archived));
        let waited = wait_for(&site, &key, is_archived).await;
        assert!(waited < SOON, "{waited:?}");
    }
}

#[tokio::test]
async fn a_forgotten_tenant_is_read_again_at_once() {
    let site = TestPlatform::open().await;
    provision(&site.platform, "acme", "alice").await;
    let registry = &site.platform.registry;
    let expectations = [
        ("suspended", "the tenant is suspended"),
        ("archived", "the tenant is archived"),
        ("pending", "the tenant is being provisioned"),
        ("provisioning", "the tenant is being provisioned"),
        ("failed", "the tenant is being provisioned"),
        ("deleting", "no tenant has this name"),
        ("purged", "no tenant has this name"),
    ];
    for (status, expected) in expectations {
        set_status(&site, "active").await;
        // A name that is nobody's is believed for a moment, whatever is forgotten.
        wait_for(&site, &slug("acme"), Result::is_ok).await;
        let tenant = registry.resolve(&slug("acme")).await.unwrap();
        set_status(&site, status).await;
        registry.forget(&tenant);
        let refused = registry.resolve(&slug("acme")).await.unwrap_err();
        assert_eq!(refused.to_string(), expected, "{status}");
    }
}
