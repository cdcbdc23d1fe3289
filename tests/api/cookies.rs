//! Refresh tokens in cookies (rules 24 to 26).

use reqwest::Method;
use serde_json::json;
use test_app::{Answer, Caller, PASSWORD, PLATFORM_ADMIN, TestApp};

/// A browser that is logged in: what it would send as `Cookie`.
async fn log_in_by_browser(caller: &Caller, path: &str, body: &serde_json::Value) -> Answer {
    let request = caller.request(Method::POST, path).json(body);
    let request = request.header("X-Token-Transport", "cookie");
    caller.send(request).await.expect_status(200)
}

async fn log_in_to(caller: &Caller, slug: &str, username: &str) -> Answer {
    let path = format!("/api/v1/tenants/{slug}/auth/login");
    let body = json!({ "username": username, "password": PASSWORD });
    log_in_by_browser(caller, &path, &body).await
}

/// The cookie that an answer sets, as `name=value`.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("Set-Cookie").unwrap();
    set.split(';').next().unwrap().to_owned()
}

/// `POST` without a body, as a browser with a cookie.
async fn post(caller: &Caller, path: &str, cookie: &str, header: (&str, &str)) -> Answer {
    let request = caller.request(Method::POST, path);
    let request = request.header("Cookie", cookie).header(header.0, header.1);
    caller.send(request).await
}

const REFRESH: &str = "/api/v1/tenants/acme/auth/refresh";
const LOGOUT: &str = "/api/v1/tenants/acme/auth/logout";
const HERE: (&str, &str) = ("Sec-Fetch-Site", "same-origin");

async fn rotations(app: &TestApp) -> i32 {
    let client = app.database().client().await;
    let sql = format!(
        "SELECT sum(refresh_counter)::int FROM {}.user_sessions",
        app.acme.tenant.schema
    );
    client.query_one(&sql, &[]).await.unwrap().get(0)
}

/// Rule 24.
#[tokio::test]
async fn a_refresh_token_in_a_cookie_is_in_no_body_and_a_logout_clears_it() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let login = log_in_to(&anonymous, "acme", "alice").await;
    let attributes = login.header("Set-Cookie").unwrap();
    let (pair, attributes) = attributes.split_once(';').unwrap();
    let name = format!("__Host-rh-{}=rt1.", app.acme.tenant.id);
    assert!(pair.starts_with(&name), "{pair}");
    assert_eq!(
        attributes.trim_start_matches(|character| character != 'S'),
        "Secure; HttpOnly; SameSite=Strict"
    );
    assert!(attributes.contains(" Path=/;"), "{attributes}");
    let age = attributes.split("Max-Age=").nth(1).unwrap();
    let age: u32 = age.split(';').next().unwrap().parse().unwrap();
    assert!((259_000..=259_200).contains(&age), "{age}");
    assert!(!login.text.contains("rt1."), "{login:?}");
    assert!(login.at("/data").get("refresh_token").is_none());

    let refreshed = post(&anonymous, REFRESH, pair, HERE).await;
    let refreshed = refreshed.expect_status(200);
    assert!(!refreshed.text.contains("rt1."), "{refreshed:?}");
    assert_ne!(cookie(&refreshed), pair);
    let me = anonymous.with_token(&refreshed.text_at("/data/access_token"));
    me.at("acme").get("/auth/me").await.expect_status(200);

    let gone = post(&anonymous, LOGOUT, &cookie(&refreshed), HERE).await;
    let cleared = format!("__Host-rh-{}=", app.acme.tenant.id);
    assert_eq!(cookie(&gone.expect_status(204)), cleared);
    let ended = post(&anonymous, REFRESH, &cookie(&refreshed), HERE).await;
    assert_eq!(ended.expect_status(401).code(), "session_ended");
    me.at("acme").get("/auth/me").await.expect_status(401);
}

/// Rule 24: nobody gets a cookie who has not asked for one.
#[tokio::test]
async fn a_refresh_token_that_is_in_a_body_stays_in_bodies() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let body = json!({ "username": "alice", "password": PASSWORD });
    let login = anonymous.post("/api/v1/tenants/acme/auth/login", &body);
    let login = login.await.expect_status(200);
    assert_eq!(login.header("Set-Cookie"), None);
    let token = json!({ "refresh_token": login.text_at("/data/refresh_token") });
    let browser = cookie(&log_in_to(&anonymous, "acme", "alice").await);
    let request = anonymous.request(Method::POST, REFRESH).json(&token);
    let refreshed = anonymous.send(request.header("Cookie", browser)).await;
    let refreshed = refreshed.expect_status(200);
    assert_eq!(refreshed.header("Set-Cookie"), None);
    refreshed.text_at("/data/refresh_token");
    let nothing = anonymous.post(REFRESH, &json!({})).await.expect_status(422);
    assert!(nothing.at("/errors").get("refresh_token").is_some());
    let neither = anonymous.request(Method::POST, REFRESH);
    anonymous.send(neither).await.expect_status(422);
}

/// Rule 25.
#[tokio::test]
async fn what_another_site_has_a_browser_send_rotates_and_ends_nothing() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let pair = cookie(&log_in_to(&anonymous, "acme", "alice").await);
    let own = app.address().to_owned();
    for header in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Origin", &own.replace("127.0.0.1", "app.127.0.0.1")),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Type", "text/plain"),
        ("Content-Type", "multipart/form-data; boundary=x"),
    ] {
        for path in [REFRESH, LOGOUT] {
            let refused = post(&anonymous, path, &pair, header).await;
            assert_eq!(
                refused.expect_status(403).code(),
                "cross_site",
                "{header:?}"
            );
        }
    }
    assert_eq!(rotations(&app).await, 0);
    post(&anonymous, REFRESH, &pair, ("Origin", &own))
        .await
        .expect_status(200);
    assert_eq!(rotations(&app).await, 1);
    for path in [REFRESH, LOGOUT] {
        let request = anonymous.request(Method::GET, path).header("Cookie", &pair);
        anonymous.send(request).await.expect_status(405);
    }
    let request = anonymous
        .request(Method::POST, "/api/v1/tenants/acme/auth/login")
        .header("X-Token-Transport", "cookie")
        .header("Origin", "https://evil.example")
        .json(&json!({ "username": "alice", "password": PASSWORD }));
    anonymous.send(request).await.expect_status(403);
}

/// Rule 26.
#[tokio::test]
async fn of_two_cookies_of_one_name_neither_is_believed() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let mine = cookie(&log_in_to(&anonymous, "acme", "alice").await);
    let tossed = cookie(&log_in_to(&anonymous, "acme", "alice").await);
    for both in [
        format!("{mine}; {tossed}"),
        format!("{tossed}; {mine}"),
        format!("{mine}; {mine}"),
    ] {
        for path in [REFRESH, LOGOUT] {
            let refused = post(&anonymous, path, &both, HERE).await;
            assert_eq!(refused.expect_status(400).code(), "bad_request");
        }
    }
    assert_eq!(rotations(&app).await, 0);
    post(&anonymous, REFRESH, &mine, HERE)
        .await
        .expect_status(200);
}

#[tokio::test]
async fn two_tenants_in_one_browser_keep_their_sessions() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let acme = cookie(&log_in_to(&anonymous, "acme", "alice").await);
    let globex = cookie(&log_in_to(&anonymous, "globex", "mallory").await);
    let both = format!("{acme}; {globex}");
    for (slug, username) in [("acme", "alice"), ("globex", "mallory")] {
        let path = format!("/api/v1/tenants/{slug}/auth/refresh");
        let refreshed = post(&anonymous, &path, &both, HERE)
            .await
            .expect_status(200);
        assert_eq!(refreshed.text_at("/data/user/username"), username);
    }
    // Where the cookie is another tenant's, the session of the access token ends.
    let request = alice.request(Method::POST, "/auth/logout");
    let gone = alice.send(request.header("Cookie", &globex)).await;
    assert_eq!(gone.expect_status(204).header("Set-Cookie"), None);
    alice.get("/auth/me").await.expect_status(401);
    let path = "/api/v1/tenants/globex/auth/refresh";
    post(&anonymous, path, &both, HERE).await.expect_status(200);
}

/// Rules 24 and 25, for system users.
#[tokio::test]
async fn system_users_have_a_cookie_of_their_own() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    app.platform_admin().await;
    let body = json!({ "email": PLATFORM_ADMIN, "password": PASSWORD });
    let login = log_in_by_browser(&anonymous, "/api/v1/platform/auth/login", &body).await;
    let pair = cookie(&login);
    assert!(pair.starts_with("__Host-rh-platform=rt1."), "{pair}");
    assert!(!login.text.contains("rt1."));
    let refresh = "/api/v1/platform/auth/refresh";
    let foreign = ("Origin", "https://evil.example");
    let refused = post(&anonymous, refresh, &pair, foreign).await;
    assert_eq!(refused.expect_status(403).code(), "cross_site");
    let refreshed = post(&anonymous, refresh, &pair, HERE).await;
    let pair = cookie(&refreshed.expect_status(200));
    let gone = post(&anonymous, "/api/v1/platform/auth/logout", &pair, HERE).await;
    assert_eq!(cookie(&gone.expect_status(204)), "__Host-rh-platform=");
    let ended = post(&anonymous, refresh, &pair, HERE).await;
    assert_eq!(ended.expect_status(401).code(), "session_ended");
}
