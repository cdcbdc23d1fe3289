//! Working hours as callers meet them (rule 23), at a route that asks for them.

use actix_web::HttpResponse;
use actix_web::web::{ServiceConfig, post};
use rowhouse::error::ApiError;
use rowhouse::identity::signed_in::SignedIn;
use serde_json::{Value, json};
use test_app::{Caller, TestApp, TestDatabase, config};

async fn work(caller: SignedIn) -> Result<HttpResponse, ApiError> {
    caller.require_working_hours().await?;
    Ok(HttpResponse::NoContent().finish())
}

fn routes(app: &mut ServiceConfig) {
    app.route("/api/v1/tenants/{slug}/work", post().to(work));
}

async fn with_work() -> (TestApp, Caller, Caller) {
    let database = TestDatabase::create().await;
    let config = config(database.url());
    let (app, _, alice, mallory) = TestApp::on(database, config, routes).await;
    (app, alice, mallory)
}

fn hours(days: &[&str]) -> Value {
    json!({ "days": days, "from": "00:00", "to": "00:00" })
}

fn always() -> Value {
    hours(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
}

/// Gives a user working hours, as the tenant's admin does.
async fn set_hours(admin: &Caller, user: &Caller, hours: &Value) {
    let id = user.get("/users/me").await.text_at("/data/id");
    let body = json!({ "working_hours": hours });
    let changed = admin.patch(&format!("/users/{id}"), "*", &body).await;
    assert_eq!(
        changed.expect_status(200).json()["data"]["working_hours"],
        *hours
    );
}

async fn work_of(caller: &Caller) -> u16 {
    caller.post("/work", &json!({})).await.status.as_u16()
}

#[tokio::test]
async fn a_users_own_hours_come_before_those_of_their_role() {
    let (_app, alice, _) = with_work().await;
    let bob = alice.colleague("bob", &["developer"]).await;
    set_hours(&alice, &bob, &always()).await;
    assert_eq!(work_of(&bob).await, 204);
    set_hours(&alice, &bob, &hours(&[])).await;
    let refused = bob.post("/work", &json!({})).await.expect_status(403);
    assert_eq!(refused.code(), "outside_working_hours");
}

#[tokio::test]
async fn the_highest_role_says_when_its_users_work() {
    let (app, alice, mallory) = with_work().await;
    let developer = alice.colleague("bob", &["developer", "user"]).await;
    let manager = alice.colleague("carol", &["manager", "developer"]).await;
    let elsewhere = mallory.colleague("bob", &["developer"]).await;
    let close = "UPDATE roles SET working_hours = jsonb_set(working_hours, '{days}', '[]') WHERE name = 'developer'";
    app.sql_in(&app.acme, close).await;
    let open = format!(
        "UPDATE roles SET working_hours = '{}' WHERE name = 'developer'",
        always()
    );
    app.sql_in(&app.globex, &open).await;
    assert_eq!(work_of(&developer).await, 403);
    assert_eq!(work_of(&manager).await, 204);
    assert_eq!(work_of(&elsewhere).await, 204);
}

#[tokio::test]
async fn a_developer_keeps_office_hours_unless_somebody_says_otherwise() {
    let (app, ..) = with_work().await;
    let schema = &app.acme.tenant.schema;
    let sql = format!(
        "SELECT name, working_hours::text FROM {schema}.roles WHERE working_hours IS NOT NULL"
    );
    let rows = app.rows(&sql).await;
    let kept: Vec<(String, Value)> = rows
        .iter()
        .map(|row| (row.get(0), serde_json::from_str(row.get(1)).unwrap()))
        .collect();
    let office =
        json!({ "days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00" });
    assert_eq!(kept, [("developer".to_owned(), office)]);
}

#[tokio::test]
async fn nobody_works_on_a_holiday_and_everybody_is_told_when_to_come_back() {
    let (app, alice, _) = with_work().await;
    let bob = alice.colleague("bob", &["user"]).await;
    set_hours(&alice, &bob, &always()).await;
    let holidays = "UPDATE settings SET value = (SELECT jsonb_agg(current_date + day) FROM generate_series(-2, 2) day)
                    WHERE key = 'working_hours.holidays'";
    app.sql_in(&app.acme, holidays).await;
    let refused = bob.post("/work", &json!({})).await.expect_status(403);
    let detail = refused.json()["detail"].clone();
    assert!(
        detail
            .as_str()
            .unwrap()
            .starts_with("your working hours begin next at 20"),
        "{detail}"
    );
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((172_000..=260_000).contains(&wait), "{wait}");
}

#[tokio::test]
async fn users_set_neither_their_own_hours_nor_their_zone() {
    let (_app, alice, _) = with_work().await;
    let bob = alice.colleague("bob", &["developer"]).await;
    for body in [
        json!({ "working_hours": always() }),
        json!({ "timezone": "Asia/Tokyo" }),
    ] {
        bob.patch("/users/me", "*", &body).await.expect_status(422);
    }
    let carol = alice.colleague("carol", &["manager"]).await;
    let own = carol.get("/users/me").await.text_at("/data/id");
    for body in [
        json!({ "working_hours": always() }),
        json!({ "timezone": "Asia/Tokyo" }),
    ] {
        let refused = carol.patch(&format!("/users/{own}"), "*", &body).await;
        assert_eq!(refused.expect_status(403).code(), "permission_denied");
    }
    set_hours(&carol, &bob, &always()).await;
    let wrong = json!({ "working_hours": { "days": ["someday"], "from": "09:00", "to": "18:00" } });
    let id = bob.get("/users/me").await.text_at("/data/id");
    alice
        .patch(&format!("/users/{id}"), "*", &wrong)
        .await
        .expect_status(422);
}

#[tokio::test]
async fn a_key_keeps_the_hours_of_its_owner() {
    let (_app, alice, _) = with_work().await;
    let order = json!({ "name": "robot", "scopes": ["*"] });
    let key = alice
        .post("/api-keys", &order)
        .await
        .expect_status(201)
        .text_at("/data/key");
    let robot = alice.with_token(&key);
    assert_eq!(work_of(&robot).await, 204);
    set_hours(&alice, &alice, &hours(&[])).await;
    assert_eq!(work_of(&robot).await, 403);
}
