//! What an operator sees of all tenants together: the pools, and the metrics that Prometheus reads.

use std::collections::BTreeMap;

use platform_schema::SystemUserRole;
use secrecy::SecretString;
use test_app::{Answer, TestApp, TestDatabase, config};

/// A token that the metrics are read with.
const TOKEN: &str = "a-token-that-the-metrics-are-read-with";

/// The value of each series, by its name with labels. Panics where the text is not of the format.
fn series(answer: &Answer) -> BTreeMap<String, String> {
    let (mut series, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    for line in answer.text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(kinds.insert(name, kind), None, "{name}");
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let family = name.split('{').next().unwrap();
            let is_of_family = kinds.iter().any(|(known, kind)| {
                let rest = family.strip_prefix(known);
                rest == Some("") || (*kind == "histogram" && rest.is_some())
            });
            assert!(is_of_family, "{line}");
            value.parse::<f64>().unwrap();
            series.insert(name.to_owned(), value.to_owned());
        }
    }
    series
}

#[tokio::test]
async fn system_users_see_the_pools_and_the_tenants_that_take_most() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let path = "/api/v1/fleet/pools";
    anonymous.get(path).await.expect_status(401);
    alice.get(path).await.expect_status(401);
    for _ in 0..30 {
        alice.get("/users").await.expect_status(200);
    }
    let support = app
        .system_user("help@platform.example", SystemUserRole::Support)
        .await;
    let view = support.get(path).await.expect_status(200);
    let acme = app.acme.tenant.id.to_string();
    assert_eq!(view.text_at("/data/tenants/by_leases/0/tenant"), acme);
    assert!(view.at("/data/tenants/by_leases/0/count").as_u64() >= Some(30));
    assert_eq!(view.at("/data/lent"), 0);
    assert!(view.at("/data/idle").as_u64() >= Some(1));
}

#[tokio::test]
async fn the_metrics_are_read_by_system_users_and_by_who_knows_the_token() {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.identity.metrics_token = Some(SecretString::from(TOKEN));
    let (app, anonymous, alice, _) = TestApp::on(database, config, |_| {}).await;
    anonymous.get("/metrics").await.expect_status(401);
    let of_a_tenant = anonymous.with_token(alice.token());
    of_a_tenant.get("/metrics").await.expect_status(401);
    for other in ["", "a-token", &TOKEN.to_uppercase(), &format!("{TOKEN}.")] {
        let other = anonymous.with_token(other);
        other.get("/metrics").await.expect_status(401);
    }
    let root = app.platform_admin().await;
    root.get("/metrics").await.expect_status(200);
    let scraper = anonymous.with_token(TOKEN);
    let metrics = scraper.get("/metrics").await.expect_status(200);
    assert_eq!(
        metrics.header("Content-Type"),
        Some("text/plain; version=0.0.4")
    );
    // It opens nothing else.
    scraper.get("/api/v1/fleet/pools").await.expect_status(401);
}

#[tokio::test]
async fn without_a_token_configured_none_reads_the_metrics() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    for token in ["", TOKEN] {
        let scraper = anonymous.with_token(token);
        scraper.get("/metrics").await.expect_status(401);
    }
}

#[tokio::test]
async fn the_metrics_say_what_the_pools_count_and_name_no_tenant() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let before = series(&root.get("/metrics").await.expect_status(200));
    for _ in 0..5 {
        alice.get("/users").await.expect_status(200);
        mallory.get("/users").await.expect_status(200);
    }
    let answer = root.get("/metrics").await.expect_status(200);
    let after = series(&answer);
    let names: Vec<&str> = after.keys().map(String::as_str).collect();
    insta::assert_snapshot!(names.join("\n"), @r#"
    rowhouse_pool_binds_total
    rowhouse_pool_connections_closed_total{reason="age"}
    rowhouse_pool_connections_closed_total{reason="dirty"}
    rowhouse_pool_connections_closed_total{reason="idle"}
    rowhouse_pool_connections_closed_total{reason="login_role"}
    rowhouse_pool_connections_closed_total{reason="lost"}
    rowhouse_pool_connections_closed_total{reason="schemas"}
    rowhouse_pool_connections_max
    rowhouse_pool_connections_opened_total
    rowhouse_pool_connections{state="idle"}
    rowhouse_pool_connections{state="lent"}
    rowhouse_pool_connections{state="opening"}
    rowhouse_pool_exhausted_total
    rowhouse_pool_hits_total
    rowhouse_pool_rebinds_total
    rowhouse_pool_wait_seconds_bucket{le="+Inf"}
    rowhouse_pool_wait_seconds_bucket{le="0.001"}
    rowhouse_pool_wait_seconds_bucket{le="0.0025"}
    rowhouse_pool_wait_seconds_bucket{le="0.005"}
    rowhouse_pool_wait_seconds_bucket{le="0.01"}
    rowhouse_pool_wait_seconds_bucket{le="0.025"}
    rowhouse_pool_wait_seconds_bucket{le="0.05"}
    rowhouse_pool_wait_seconds_bucket{le="0.1"}
    rowhouse_pool_wait_seconds_bucket{le="0.25"}
    rowhouse_pool_wait_seconds_bucket{le="0.5"}
    rowhouse_pool_wait_seconds_bucket{le="1"}
    rowhouse_pool_wait_seconds_bucket{le="2.5"}
    rowhouse_pool_wait_seconds_bucket{le="5"}
    rowhouse_pool_wait_seconds_count
    rowhouse_pool_wait_seconds_sum
    rowhouse_pool_waiting
    "#);
    let served = |series: &BTreeMap<String, String>| {
        ["hits", "binds", "rebinds"]
            .iter()
            .map(|kind| {
                series[&format!("rowhouse_pool_{kind}_total")]
                    .parse::<u64>()
                    .unwrap()
            })
            .sum::<u64>()
    };
    assert!(served(&after) - served(&before) >= 10, "{after:?}");
    assert_eq!(after["rowhouse_pool_connections{state=\"lent\"}"], "0");
    let all = &after["rowhouse_pool_wait_seconds_bucket{le=\"+Inf\"}"];
    assert_eq!(all, &after["rowhouse_pool_wait_seconds_count"]);
    for tenant in [&app.acme, &app.globex] {
        assert!(!answer.text.contains(&tenant.tenant.id.to_string()));
    }
}
