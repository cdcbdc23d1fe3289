//! The first system user, made with the one-time token.

use futures_util::future::join_all;
use rowhouse::identity::bootstrap;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use test_app::{PASSWORD, PLATFORM_ADMIN, TestApp};

const PATH: &str = "/api/v1/platform/bootstrap";

async fn issue(app: &TestApp) -> String {
    let mut conn = app.platform().pools.platform().await.unwrap();
    let token = bootstrap::issue(&mut conn).await.unwrap().unwrap();
    conn.finish().await.unwrap();
    token.expose_secret().to_owned()
}

fn order(token: &str) -> Value {
    json!({ "token": token, "email": PLATFORM_ADMIN, "password": PASSWORD })
}

/// Rule 14.
#[tokio::test]
async fn the_token_makes_the_first_system_user_and_works_once() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let token = issue(&app).await;
    let created = anonymous
        .post(PATH, &order(&token))
        .await
        .expect_status(201);
    insta::assert_json_snapshot!(created.json(), {
        ".data.id" => "[id]", ".data.created_at" => "[time]",
    }, @r#"
    {
      "data": {
        "created_at": "[time]",
        "email": "root@platform.example",
        "id": "[id]",
        "is_active": true,
        "role": "super_admin"
      },
      "message": "the first system admin was created",
      "success": true
    }
    "#);
    let root = anonymous.log_in_to_platform(PLATFORM_ADMIN, PASSWORD).await;
    let me = root
        .get("/api/v1/platform/auth/me")
        .await
        .expect_status(200);
    assert_eq!(me.at("/data"), created.at("/data"));
    let again = anonymous
        .post(PATH, &order(&token))
        .await
        .expect_status(401);
    assert_eq!(again.code(), "invalid_credentials");
}

#[tokio::test]
async fn of_many_who_redeem_a_token_at_once_one_succeeds() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let body = order(&issue(&app).await);
    let answers = join_all((0..6).map(|_| anonymous.post(PATH, &body))).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 1);
    assert!(
        answers
            .iter()
            .all(|answer| [201, 401].contains(&answer.status.as_u16()))
    );
}

#[tokio::test]
async fn a_wrong_or_replaced_token_makes_nobody() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let replaced = issue(&app).await;
    let token = issue(&app).await;
    let shortened = token.get(1..).unwrap();
    for wrong in ["", "bt1.", "bt1.AAAA", replaced.as_str(), shortened] {
        anonymous.post(PATH, &order(wrong)).await.expect_status(401);
    }
    let weak = json!({ "token": token, "email": "root", "password": "short" });
    let refused = anonymous.post(PATH, &weak).await.expect_status(422);
    assert_eq!(refused.blamed(), ["email", "password"]);
    anonymous
        .post(PATH, &order(&token))
        .await
        .expect_status(201);
}

#[tokio::test]
async fn a_platform_with_a_system_user_has_no_bootstrap() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let token = issue(&app).await;
    app.platform_admin().await;
    let late = json!({ "token": token, "email": "late@platform.example", "password": PASSWORD });
    let refused = anonymous.post(PATH, &late).await.expect_status(409);
    assert_eq!(refused.code(), "conflict");
    let mut conn = app.platform().pools.platform().await.unwrap();
    assert!(bootstrap::issue(&mut conn).await.unwrap().is_none());
}
