//! What a tenant emits in all, by period and scope.

use serde_json::{Value, json};
use test_app::{Caller, TestApp};

const PATH: &str = "/tools/carbon-footprints";

async fn emit(caller: &Caller, scope: i32, day: &str, kilograms: f64) -> String {
    let footprint = json!({
        "scope": scope, "activity": "flight", "quantity": kilograms * 2.0, "unit": "km", "factor": 0.5,
        "incurred_on": day,
    });
    let made = caller.post(PATH, &footprint).await.expect_status(201);
    made.text_at("/data/id")
}

async fn summary(caller: &Caller, query: &str) -> Value {
    let path = format!("{PATH}/summary?{query}");
    caller.get(&path).await.expect_status(200).at("/data")
}

/// The rows as the first day of the period, the scope, the kilograms and the count.
fn rows(summary: &Value) -> Vec<(&str, i64, f64, i64)> {
    let rows = summary["rows"].as_array().unwrap().iter();
    let row = |row: &'_ Value| {
        (
            row["scope"].as_i64().unwrap(),
            row["kg_co2e"].as_f64().unwrap(),
            row["count"].as_i64().unwrap(),
        )
    };
    rows.map(|each| {
        let (scope, kilograms, count) = row(each);
        (each["period"].as_str().unwrap(), scope, kilograms, count)
    })
    .collect()
}

/// The emissions of two tenants over five months, one of them deleted.
async fn emissions() -> (TestApp, Caller, Caller) {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    for (scope, day, kilograms) in [
        (1, "2025-12-31", 1.0),
        (1, "2026-01-01", 2.0),
        (1, "2026-01-31", 4.0),
        (3, "2026-01-15", 8.0),
        (1, "2026-03-31", 16.0),
        (2, "2026-04-01", 32.0),
    ] {
        emit(&alice, scope, day, kilograms).await;
    }
    let deleted = emit(&alice, 1, "2026-01-10", 64.0).await;
    alice
        .delete(&format!("{PATH}/{deleted}"), "*")
        .await
        .expect_status(204);
    emit(&mallory, 1, "2026-01-10", 128.0).await;
    (app, alice, mallory)
}

#[tokio::test]
async fn emissions_are_summed_by_period_and_scope() {
    let (_app, alice, _) = emissions().await;
    let monthly = summary(&alice, "").await;
    assert_eq!(
        rows(&monthly),
        [
            ("2025-12-01", 1, 1.0, 1),
            ("2026-01-01", 1, 6.0, 2),
            ("2026-01-01", 3, 8.0, 1),
            ("2026-03-01", 1, 16.0, 1),
            ("2026-04-01", 2, 32.0, 1),
        ]
    );
    assert_eq!(
        (&monthly["total_kg_co2e"], &monthly["total_count"]),
        (&json!(63.0), &json!(6))
    );
    assert_eq!(monthly, summary(&alice, "period=month").await);
    let quarterly = summary(&alice, "period=quarter").await;
    assert_eq!(
        rows(&quarterly),
        [
            ("2025-10-01", 1, 1.0, 1),
            ("2026-01-01", 1, 22.0, 3),
            ("2026-01-01", 3, 8.0, 1),
            ("2026-04-01", 2, 32.0, 1),
        ]
    );
}

#[tokio::test]
async fn emissions_are_summed_within_a_time_a_scope_and_a_tenant() {
    let (_app, alice, mallory) = emissions().await;
    let yearly = summary(&alice, "period=year&from=2026-01-01&to=2026-04-01").await;
    assert_eq!(
        rows(&yearly),
        [("2026-01-01", 1, 22.0, 3), ("2026-01-01", 3, 8.0, 1)]
    );
    assert_eq!(yearly["total_kg_co2e"], 30.0);
    let third = summary(&alice, "scope=3").await;
    assert_eq!(rows(&third), [("2026-01-01", 3, 8.0, 1)]);
    assert_eq!(third["total_count"], 1);
    let theirs = summary(&mallory, "").await;
    assert_eq!(rows(&theirs), [("2026-01-01", 1, 128.0, 1)]);
    let none = summary(&mallory, "to=2026-01-10").await;
    assert_eq!(
        none,
        json!({ "rows": [], "total_kg_co2e": 0.0, "total_count": 0 })
    );
}

#[tokio::test]
async fn a_summary_of_what_there_is_not_is_refused() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    for (query, field) in [
        ("period=week", "period"),
        ("scope=0", "scope"),
        ("scope=4", "scope"),
        ("from=yesterday", "from"),
        ("from=2026-01-01T00:00:00Z", "from"),
        ("from=2026-01-02&to=2026-01-02", "to"),
        ("to=%2B12026-01-01", "to"),
        ("group=scope", "group"),
    ] {
        let refused = alice.get(&format!("{PATH}/summary?{query}")).await;
        let refused = refused.expect_status(400);
        assert!(
            refused.at("/errors").get(field).is_some(),
            "{query}: {refused:#?}"
        );
    }
    let sql = "INSERT INTO carbon_footprints (id, scope, activity, quantity, unit, factor, incurred_on) \
               SELECT gen_random_uuid(), 1, 'tea', 1, 'l', 1, date '1700-01-01' + n * interval '1 month' \
               FROM generate_series(1, 3001) n";
    app.sql_in(&app.acme, sql).await;
    let refused = alice.get(&format!("{PATH}/summary")).await;
    refused.expect_status(400);
    let years = summary(&alice, "period=year").await;
    assert_eq!(years["total_count"], 3_001);
}
