//! How often somebody may ask for credentials, and who counts as one client (rules 84 to 86).

use futures_util::future::join_all;
use reqwest::Method;
use rowhouse::config::Config;
use serde_json::json;
use test_app::{Answer, Caller, PASSWORD, TestApp, TestDatabase, config};

use crate::sessions::Session;

/// A rate so low that it gives back nothing while a test runs: one in twenty seconds.
const LOW: u32 = 3;

const LOGIN: &str = "/api/v1/tenants/acme/auth/login";
const REFRESH: &str = "/api/v1/tenants/acme/auth/refresh";

/// An app with limits of its own.
async fn with_limits(change: impl FnOnce(&mut Config)) -> (TestApp, Caller, Caller) {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    change(&mut config);
    let (app, anonymous, alice, _) = TestApp::on(database, config, |_| {}).await;
    (app, anonymous, alice)
}

/// The same, where what `X-Forwarded-For` says is believed: the tests come from wherever they like.
pub(crate) async fn behind_a_proxy(change: impl FnOnce(&mut Config)) -> (TestApp, Caller, Caller) {
    let trusting = |config: &mut Config| {
        config.http.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        change(config);
    };
    with_limits(trusting).await
}

/// A login, from an address.
pub(crate) async fn log_in_from(
    caller: &Caller,
    address: &str,
    username: &str,
    password: &str,
) -> Answer {
    let request = caller.request(Method::POST, LOGIN);
    let request = request.header("X-Forwarded-For", address);
    let body = json!({ "username": username, "password": password });
    caller.send(request.json(&body)).await
}

/// How many were let through. The others must be refused as the rule says.
fn passed(answers: &[Answer]) -> usize {
    let (refused, passed): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 429);
    for answer in refused {
        assert_eq!(answer.code(), "rate_limited");
        let seconds: u64 = answer.header("Retry-After").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert!(answer.header("RateLimit").unwrap().contains(";r=0;t="));
        assert!(answer.header("RateLimit-Policy").is_some());
    }
    passed.len()
}

/// Rule 84.
#[tokio::test]
async fn of_a_hundred_logins_at_once_to_one_account_as_many_pass_as_its_rate_allows() {
    let (_app, anonymous, _) = with_limits(|config| config.limits.rate_per_account = LOW).await;
    for username in ["nobody", "alice@acme.example"] {
        let body = json!({ "username": username, "password": "a guess" });
        let all = join_all((0..100).map(|_| anonymous.post(LOGIN, &body))).await;
        assert_eq!(passed(&all), 3, "{username}");
    }
    // Another account, and the same name at another tenant, have rates of their own.
    let body = json!({ "username": "nobody", "password": "a guess" });
    let elsewhere = anonymous.post("/api/v1/tenants/globex/auth/login", &body);
    elsewhere.await.expect_status(401);
}

/// Rule 84.
#[tokio::test]
async fn of_a_hundred_refreshes_at_once_of_one_session_as_many_pass_as_its_rate_allows() {
    let (_app, anonymous, _) = with_limits(|config| config.limits.rate_per_account = LOW).await;
    let session = Session::open(&anonymous, "alice").await;
    let body = json!({ "refresh_token": session.refresh_token });
    let all = join_all((0..100).map(|_| anonymous.post(REFRESH, &body))).await;
    assert_eq!(passed(&all), 3);
    assert!(session.is_live().await);
}

/// Rule 84.
#[tokio::test]
async fn of_a_hundred_requests_at_once_from_one_address_as_many_pass_as_its_rate_allows() {
    let (_app, anonymous, _) = behind_a_proxy(|config| config.limits.rate_per_address = LOW).await;
    let names: Vec<String> = (0..100).map(|number| format!("user{number}")).collect();
    let one = names
        .iter()
        .map(|name| log_in_from(&anonymous, "192.0.2.1", name, "a guess"));
    assert_eq!(passed(&join_all(one).await), 3);
    // Of a /64 each address is the same client, of another it is not.
    let addresses: Vec<String> = (0..100)
        .map(|host| format!("2001:db8:0:1::{host:x}"))
        .collect();
    let network = addresses
        .iter()
        .map(|address| log_in_from(&anonymous, address, "nobody", "a guess"));
    assert_eq!(passed(&join_all(network).await), 3);
    let other = log_in_from(&anonymous, "2001:db8:0:2::1", "alice", PASSWORD).await;
    other.expect_status(200);
}

/// Rule 84.
#[tokio::test]
async fn what_is_left_of_the_rates_is_said_with_every_answer_about_credentials() {
    let (app, anonymous, alice) = behind_a_proxy(|config| {
        config.limits.rate_per_address = 6;
        config.limits.rate_per_account = LOW;
    })
    .await;
    let answer = log_in_from(&anonymous, "192.0.2.1", "alice@acme.example", PASSWORD).await;
    let said = |answer: &Answer| {
        let headers = ["RateLimit", "RateLimit-Policy"];
        headers.map(|name| answer.header(name).map(str::to_owned))
    };
    let policy = r#""address";q=6;w=60, "account";q=3;w=60"#;
    let limit = r#""address";r=5;t=10, "account";r=2;t=20"#;
    let expected = [Some(limit.to_owned()), Some(policy.to_owned())];
    assert_eq!(said(&answer.expect_status(200)), expected);
    // Who has the right password and who has a wrong one, or no account at all, read the same.
    for name in ["bob", "nobody"] {
        alice.create_user("bob", &[]).await.expect_status(201);
        let address = format!("192.0.2.{}", name.len());
        let refused = log_in_from(&anonymous, &address, name, "a guess").await;
        assert_eq!(said(&refused.expect_status(401)), expected, "{name}");
        app.sql_in(
            &app.acme,
            "UPDATE users SET deleted_at = now() WHERE username = 'bob'",
        )
        .await;
    }
    let other = alice.get("/users/me").await.expect_status(200);
    assert_eq!(said(&other), [None, None]);
}

/// Rule 85.
#[tokio::test]
async fn a_client_that_invents_addresses_is_still_one_client() {
    // The fixture has logged in twice from here.
    let (_app, anonymous, _) = with_limits(|config| config.limits.rate_per_address = LOW).await;
    let invent = async |number: u32| {
        let address = format!("203.0.{}.{}", number / 250, number % 250);
        let request = anonymous
            .request(Method::POST, REFRESH)
            .header("X-Forwarded-For", &address)
            .header("Forwarded", format!("for={address}"))
            .header("X-Real-IP", &address);
        anonymous
            .send(request.json(&json!({ "refresh_token": "none" })))
            .await
    };
    let all = join_all((0..1_000).map(invent)).await;
    // One is left, and one more for every twenty seconds that a loaded machine takes.
    assert!((1..5).contains(&passed(&all)), "{}", passed(&all));
}

/// Rule 85: sessions remember the address that is believed.
#[tokio::test]
async fn a_session_remembers_the_address_that_a_trusted_proxy_gives_and_no_other() {
    let forwarded = "203.0.113.66, 192.0.2.1";
    let seen = async |anonymous: &Caller| {
        let answer = log_in_from(anonymous, forwarded, "alice", PASSWORD).await;
        let token = answer.expect_status(200).text_at("/data/access_token");
        let sessions = anonymous.with_token(&token).at("acme");
        let sessions = sessions.get("/auth/sessions").await.expect_status(200);
        sessions.text_at("/data/0/ip")
    };
    let (_app, anonymous, _) = behind_a_proxy(|_| ()).await;
    assert_eq!(seen(&anonymous).await, "192.0.2.1");
    let (_app, anonymous, _) = with_limits(|_| ()).await;
    assert_eq!(seen(&anonymous).await, "127.0.0.1");
}

/// Rule 86.
#[tokio::test]
async fn more_passwords_than_can_be_hashed_are_refused_and_told_when_to_come_back() {
    let (_app, anonymous, alice) = with_limits(|config| {
        config.identity.password_queue = 1;
        config.identity.password_threads = "1".parse().ok();
        config.identity.password_cost = 10;
    })
    .await;
    let body = json!({ "username": "alice", "password": PASSWORD });
    let all = join_all((0..30).map(|_| anonymous.post(LOGIN, &body))).await;
    let (refused, passed): (Vec<_>, Vec<_>) = all.iter().partition(|answer| answer.status == 503);
    assert!(!refused.is_empty() && !passed.is_empty());
    for answer in refused {
        assert_eq!(answer.code(), "overloaded");
        assert_eq!(answer.header("Retry-After"), Some("1"));
    }
    assert!(passed.iter().all(|answer| answer.status == 200));
    // What needs no password is served, and so is a login once there is room.
    alice.get("/users").await;
    anonymous.post(LOGIN, &body).await.expect_status(200);
}
