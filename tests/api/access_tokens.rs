//! What a login gives and what it is worth: a session of its own, and a token that nothing else can be taken for.

use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, TestApp};

use crate::auth::attempt;
use crate::endings::node;
use crate::sessions::Session;

/// Rule 35: what has ended stays so for a node that has never seen it, and that has nothing but the database to ask.
#[tokio::test]
async fn a_node_that_starts_later_refuses_what_ended_before_it() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let (ended, live) = (
        Session::open(&anonymous, "alice").await,
        Session::open(&anonymous, "alice").await,
    );
    ended.caller.post("/auth/logout", &json!({})).await;
    let (address, _platform) = node(&app).await;
    let there = Caller::anonymous(&address).at("acme");
    let refused = there.with_token(ended.caller.token());
    let refused = refused.get("/auth/me").await.expect_status(401);
    assert_eq!(refused.code(), "session_ended");
    let served = there.with_token(live.caller.token());
    served.get("/auth/me").await.expect_status(200);
}

/// Rule 16.
#[tokio::test]
async fn each_login_begins_a_session_of_its_own_whatever_the_client_proposes() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let session_of = |answer: &Answer| {
        let token = answer.text_at("/data/access_token");
        let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(&token);
        claims.unwrap().claims["sid"].as_str().unwrap().to_owned()
    };
    let path = "/api/v1/tenants/acme/auth/login";
    let body = json!({ "username": "alice", "password": PASSWORD });
    let first = attempt(&anonymous, "acme", "alice", PASSWORD).await;
    let mine = session_of(&first);
    let browser = anonymous
        .request(Method::POST, path)
        .header("X-Token-Transport", "cookie")
        .header(
            "Authorization",
            format!("Bearer {}", first.text_at("/data/access_token")),
        );
    let second = anonymous.send(browser.json(&body)).await.expect_status(200);
    let cookie = second.header("Set-Cookie").unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let again = anonymous
        .request(Method::POST, path)
        .header("Cookie", cookie);
    let again = again.header("X-Token-Transport", "cookie").json(&body);
    let third = anonymous.send(again).await.expect_status(200);
    assert!(!third.header("Set-Cookie").unwrap().starts_with(cookie));
    let all = [mine.clone(), session_of(&second), session_of(&third)];
    assert!(
        all[0] != all[1] && all[1] != all[2] && all[0] != all[2],
        "{all:?}"
    );
    for field in ["session_id", "sid", "id"] {
        let mut proposing = body.clone();
        proposing[field] = json!(mine);
        let refused = anonymous.post(path, &proposing).await.expect_status(422);
        assert!(refused.at("/errors").get(field).is_some());
    }
}

/// Rule 37.
#[tokio::test]
async fn a_malformed_authorization_is_refused_and_breaks_nothing() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let whole = format!("Bearer {}", alice.token());
    let me = anonymous.at("acme");
    let long = format!("Bearer {}", "a".repeat(16 * 1024));
    let malformed: [&[u8]; 9] = [
        b"Bearer",
        b"Bearer ",
        b"bearer\t",
        b"Basic YWxpY2U6cGFzc3dvcmQ=",
        alice.token().as_bytes(),
        long.as_bytes(),
        b"Bearer \xff\xfe",
        b"Bearer \xc3\xa9",
        b"",
    ];
    for value in malformed {
        let value = reqwest::header::HeaderValue::from_bytes(value).unwrap();
        let request = me.request(Method::GET, "/auth/me");
        let answer = me.send(request.header("Authorization", &value)).await;
        assert_eq!(answer.status, 401, "{value:?}: {answer:?}");
    }
    for second in [whole.as_str(), "Bearer x"] {
        let twice = me.request(Method::GET, "/auth/me");
        let twice = twice
            .header("Authorization", &whole)
            .header("Authorization", second);
        me.send(twice).await.expect_status(400);
    }
    alice.get("/auth/me").await.expect_status(200);
}

/// Rule 32: what opens one thing opens no other.
#[tokio::test]
async fn no_other_secret_of_the_platform_is_an_access_token() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let login = attempt(&anonymous, "acme", "alice", PASSWORD).await;
    let mut conn = app.platform().pools.platform().await.unwrap();
    let bootstrap = rowhouse::identity::bootstrap::issue(&mut conn)
        .await
        .unwrap();
    conn.finish().await.unwrap();
    let bootstrap = secrecy::ExposeSecret::expose_secret(&bootstrap.unwrap()).to_owned();
    for secret in [
        login.text_at("/data/refresh_token"),
        bootstrap,
        PASSWORD.to_owned(),
    ] {
        let caller = anonymous.with_token(&secret);
        for path in ["/api/v1/tenants/acme/auth/me", "/api/v1/platform/auth/me"] {
            let refused = caller.get(path).await.expect_status(401);
            assert_eq!(refused.code(), "invalid_token");
        }
    }
}
