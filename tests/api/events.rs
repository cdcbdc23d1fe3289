//! The events of a tenant while they happen: told to who may see them, none lost, and to nobody who may not listen any more.

use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use rowhouse::platform::Platform;
use serde_json::{Value, json};
use test_app::{Caller, PASSWORD, TestApp, config};
use tokio::time::timeout;

use crate::retention::{KEPT, cut, keep_for};

/// How long something may take that happens within seconds on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// Listeners that a tenant may have.
const MOST: usize = 100;

/// Somebody who listens.
struct Listening {
    response: Response,
    text: String,
}

/// An event as it was told.
#[derive(Debug, PartialEq)]
struct Told {
    id: Option<i64>,
    name: String,
    data: Value,
}

impl Listening {
    /// Begins after the event `last`, or now, and waits until the server does listen.
    async fn begin(caller: &Caller, last: Option<i64>) -> Self {
        let request = caller.request(Method::GET, "/events");
        let request = match last {
            Some(last) => request.header("Last-Event-ID", last),
            None => request,
        };
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["Content-Type"], "text/event-stream");
        let text = String::new();
        let mut listening = Self { response, text };
        let greeting = listening.block().await.unwrap();
        assert!(greeting.starts_with("retry: "), "{greeting}");
        listening
    }

    /// The next lines up to an empty one; nothing at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await;
            let chunk = chunk.unwrap().unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event; nothing at the end.
    async fn told(&mut self) -> Option<Told> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(name));
                line.map(|value| value.trim().to_owned())
            };
            if let Some(name) = field("event:") {
                return Some(Told {
                    id: field("id:").map(|id| id.parse().unwrap()),
                    name,
                    data: serde_json::from_str(&field("data:").unwrap()).unwrap(),
                });
            }
        }
    }

    /// The action of the next change.
    async fn action(&mut self) -> String {
        let told = self.told().await.unwrap();
        assert_eq!(told.name, "change");
        assert_eq!(told.data["position"], json!(told.id));
        told.data["action"].as_str().unwrap().to_owned()
    }

    /// Waits for the end, and gives the code that it is told with.
    async fn end(&mut self) -> String {
        let told = self.told().await.unwrap();
        assert_eq!(told.name, "end", "{told:?}");
        assert_eq!(self.told().await, None);
        told.data["code"].as_str().unwrap().to_owned()
    }
}

async fn create_team(caller: &Caller, name: &str) {
    let team = json!({ "name": name });
    caller.post("/teams", &team).await.expect_status(201);
}

#[tokio::test]
async fn each_is_told_of_what_they_may_see_in_their_own_tenant() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let victor = alice.colleague("victor", &["viewer"]).await;
    let mut viewer = Listening::begin(&victor, None).await;
    let mut admin = Listening::begin(&alice, None).await;
    let mut stranger = Listening::begin(&mallory, None).await;
    let role = json!({ "name": "cook", "permissions": [] });
    alice.post("/roles", &role).await.expect_status(201);
    create_team(&alice, "red").await;
    create_team(&mallory, "blue").await;
    assert_eq!(admin.action().await, "roles.create");
    assert_eq!(admin.action().await, "teams.create");
    let told = viewer.told().await.unwrap();
    assert_eq!(told.data["text"], "alice made the team red");
    for hidden in ["before", "after", "ip"] {
        assert_eq!(told.data.get(hidden), None, "{hidden}");
    }
    let told = stranger.told().await.unwrap();
    assert_eq!(told.data["object_name"], "blue");
}

#[tokio::test]
async fn who_comes_back_is_told_everything_since_once_and_in_order() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let mut listening = Listening::begin(&alice, None).await;
    create_team(&alice, "first").await;
    let last = listening.told().await.unwrap().id.unwrap();
    drop(listening);
    for number in 0..250 {
        create_team(&alice, &format!("team{number}")).await;
    }
    let mut listening = Listening::begin(&alice, Some(last)).await;
    for number in 0..250 {
        let told = listening.told().await.unwrap();
        assert_eq!(told.id, Some(last + 1 + number));
        assert_eq!(told.data["object_name"], format!("team{number}"));
    }
    // An id from the future is taken for the present.
    let mut ahead = Listening::begin(&alice, Some(i64::MAX)).await;
    create_team(&alice, "last").await;
    assert_eq!(ahead.told().await.unwrap().data["object_name"], "last");
    for wrong in ["-1", "x", "1e3", "9223372036854775808", ""] {
        let request = alice.request(Method::GET, "/events");
        let refused = alice.send(request.header("Last-Event-ID", wrong)).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn who_comes_back_after_the_log_was_cut_is_told_what_is_missing() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let mut listening = Listening::begin(&alice, None).await;
    create_team(&alice, "first").await;
    let last = listening.told().await.unwrap().id.unwrap();
    drop(listening);
    for name in ["second", "third", "fourth"] {
        create_team(&alice, name).await;
    }
    keep_for(&app, &app.acme, KEPT).await;
    // The last row stays.
    assert_eq!(cut(&app, &app.acme, KEPT + 1).await, Ok(last + 2));
    let alice = anonymous.log_in("acme", "alice", PASSWORD).await;
    for (seen, missing) in [(last, last + 1), (0, 1)] {
        let mut listening = Listening::begin(&alice, Some(seen)).await;
        let gap = listening.told().await.unwrap();
        let places = json!({ "from": missing, "to": last + 2 });
        assert_eq!((gap.id, gap.name.as_str(), gap.data), (None, "gap", places));
        let told = listening.told().await.unwrap();
        assert_eq!(told.data["object_name"], "fourth");
    }
}

/// Rules 19, 44 and 60.
#[tokio::test]
async fn who_may_not_listen_any_more_is_told_so_and_nothing_else() {
    let (app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let victor = alice.colleague("victor", &["viewer"]).await;
    let other = anonymous.log_in("acme", "victor", PASSWORD).await;
    let id = victor.get("/users/me").await.text_at("/data/id");
    let mut signed_out = Listening::begin(&victor, None).await;
    let mut denied = Listening::begin(&other, None).await;
    let mut admin = Listening::begin(&alice, None).await;
    let mut stranger = Listening::begin(&mallory, None).await;
    victor
        .post("/auth/logout", &json!({}))
        .await
        .expect_status(204);
    assert_eq!(signed_out.end().await, "session_ended");
    let denial = json!([{ "permission": "teams.read", "effect": "deny" }]);
    let path = format!("/users/{id}/permissions");
    alice.put(&path, "*", &denial).await.expect_status(200);
    create_team(&alice, "red").await;
    alice.create_user("bob", &[]).await;
    assert_eq!(denied.action().await, "users.replace_permissions");
    assert_eq!(denied.action().await, "users.create");
    let root = app.platform_admin().await;
    let path = "/api/v1/tenants/acme/suspend";
    root.post(path, &json!({})).await.expect_status(200);
    assert_eq!(denied.end().await, "tenant_suspended");
    while let Some(told) = admin.told().await {
        assert!(told.name == "change" || told.data["code"] == "tenant_suspended");
    }
    create_team(&mallory, "blue").await;
    assert_eq!(stranger.action().await, "teams.create");
}

#[tokio::test]
async fn what_nobody_gave_notice_of_is_found_all_the_same() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let mut listening = Listening::begin(&alice, None).await;
    let schema = &app.acme.tenant.schema;
    let sql = format!(
        "INSERT INTO {schema}.audit_logs (id, position, hash, actor_type, action, object_type)
         SELECT gen_random_uuid(), max(position) + 1, '\\x00', 'nobody', 'teams.fly', 'team' FROM {schema}.audit_logs"
    );
    let client = app.database().client().await;
    client.batch_execute(&sql).await.unwrap();
    assert_eq!(listening.action().await, "teams.fly");
}

#[tokio::test]
async fn other_nodes_hear_of_it() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let other = Platform::open(&config(app.database().url())).await.unwrap();
    other.changes.listen().await;
    let mut listener = other.pools.news().listen(&app.acme.tenant.id).unwrap();
    create_team(&alice, "red").await;
    timeout(PATIENCE, listener.news()).await.unwrap();
}

#[tokio::test]
async fn listeners_hold_no_connection_and_are_bounded() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let mut listening = Vec::new();
    for _ in 0..MOST {
        listening.push(Listening::begin(&alice, None).await);
    }
    let refused = alice.get("/events").await.expect_status(429);
    assert_eq!(refused.code(), "rate_limited");
    Listening::begin(&mallory, None).await;
    let begun = Instant::now();
    let lent = || app.platform().pools.view().lent;
    while lent() > 0 {
        assert!(begun.elapsed() < PATIENCE, "a lease stays");
        tokio::task::yield_now().await;
    }
    drop(listening);
    let news = app.platform().pools.news();
    while news.listeners(&app.acme.tenant.id) > 0 {
        assert!(begun.elapsed() < PATIENCE, "a listener stays");
        tokio::task::yield_now().await;
    }
    Listening::begin(&alice, None).await;
}
