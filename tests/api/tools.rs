//! What is particular to each of the tools; what they share is in `plain`.

use serde_json::{Value, json};
use test_app::{Caller, TestApp};

async fn own_id(caller: &Caller) -> String {
    caller.get("/users/me").await.text_at("/data/id")
}

/// What is wrong with a body, by the fields that are blamed.
async fn blamed(caller: &Caller, path: &str, body: &Value, status: u16) -> Vec<String> {
    let refused = caller.post(path, body).await;
    refused.expect_status(status).blamed()
}

fn event(more: &Value) -> Value {
    let mut event = json!({
        "title": "tea", "starts_at": "2026-03-01T10:00:00Z", "ends_at": "2026-03-01T11:00:00Z",
        "time_zone": "Europe/Berlin",
    });
    let fields = more.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(fields);
    event
}

#[tokio::test]
async fn a_note_hangs_on_a_record_that_is_there() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let (mine, foreign) = (own_id(&alice).await, own_id(&mallory).await);
    let on =
        |kind: &str, id: &str| json!({ "title": "tea", "notable_type": kind, "notable_id": id });
    let made = alice.post("/tools/notes", &on("user", &mine)).await;
    let note = made.expect_status(201);
    assert_eq!(note.at("/data/author_id"), json!(mine));
    assert_eq!(note.at("/data/priority"), "medium");
    let id = note.text_at("/data/id");
    let on_note = alice.post("/tools/notes", &on("note", &id)).await;
    on_note.expect_status(201);
    for (kind, id) in [("user", foreign.as_str()), ("team", &mine), ("user", &id)] {
        let fields = blamed(&alice, "/tools/notes", &on(kind, id), 422).await;
        assert_eq!(fields, ["notable_id"], "{kind} {id}");
    }
    let half = json!({ "title": "tea", "notable_type": "user" });
    assert_eq!(
        blamed(&alice, "/tools/notes", &half, 422).await,
        ["notable_id"]
    );
    let stranger = json!({ "title": "tea", "assigned_to": foreign });
    let fields = blamed(&alice, "/tools/notes", &stranger, 422).await;
    assert_eq!(fields, ["assigned_to"]);

    let path = format!("/tools/notes/{id}");
    let deleted = alice.delete(&path, "*").await.expect_status(200);
    assert_eq!(
        deleted.at("/data/hanging"),
        json!([{ "kind": "note", "count": 1 }])
    );
    let fields = blamed(&alice, "/tools/notes", &on("note", &id), 422).await;
    assert_eq!(fields, ["notable_id"], "a deleted record is none");
    let total = alice.get("/tools/notes").await.at("/pagination/total");
    assert_eq!(total, 1, "what was refused left nothing");
}

#[tokio::test]
async fn who_deletes_a_record_is_told_what_hangs_on_it() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.create_user("bob", &[]).await.text_at("/data/id");
    let team = alice.post("/teams", &json!({ "name": "blue" })).await;
    let team = team.text_at("/data/id");
    let role = json!({ "name": "gardener", "permissions": [] });
    let role = alice.post("/roles", &role).await.text_at("/data/id");
    for (kind, id) in [("user", &bob), ("team", &team), ("role", &role)] {
        let note = json!({ "title": "tea", "notable_type": kind, "notable_id": id });
        alice.post("/tools/notes", &note).await.expect_status(201);
        let second = alice.post("/tools/notes", &note).await.text_at("/data/id");
        let gone = format!("/tools/notes/{second}");
        alice.delete(&gone, "*").await.expect_status(204);
        let deleted = alice.delete(&format!("/{kind}s/{id}"), "*").await;
        let hanging = deleted.expect_status(200).at("/data/hanging");
        assert_eq!(hanging, json!([{ "kind": "note", "count": 1 }]), "{kind}");
    }
}

#[tokio::test]
async fn an_event_has_a_zone_a_rule_and_an_end_after_its_beginning() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let weekly = event(&json!({ "recurrence": "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4" }));
    let made = alice
        .post("/tools/events", &weekly)
        .await
        .expect_status(201);
    for (more, field) in [
        (json!({ "time_zone": "Mars/Olympus" }), "time_zone"),
        (json!({ "recurrence": "FREQ=SOMETIMES" }), "recurrence"),
        (json!({ "ends_at": "2026-03-01T09:59:59Z" }), "ends_at"),
    ] {
        let fields = blamed(&alice, "/tools/events", &event(&more), 422).await;
        assert_eq!(fields, [field]);
    }
    let path = format!("/tools/events/{}", made.text_at("/data/id"));
    let later = json!({ "starts_at": "2026-03-02T00:00:00Z" });
    let refused = alice.patch(&path, "*", &later).await.expect_status(422);
    assert!(refused.at("/errors").get("ends_at").is_some());
    for (query, total) in [
        ("starts_at_from=2026-03-01T10:00:00Z", 1),
        ("starts_at_from=2026-03-01T10:00:01Z", 0),
        ("starts_at_to=2026-03-01T10:00:00Z", 0),
    ] {
        let list = alice.get(&format!("/tools/events?{query}")).await;
        assert_eq!(list.at("/pagination/total"), total, "{query}");
    }
}

#[tokio::test]
async fn a_user_reviews_a_record_once_and_who_may_change_reviews_decides_on_it() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let devin = alice.colleague("devin", &["developer"]).await;
    let record = own_id(&alice).await;
    let review =
        json!({ "rating": 4, "reviewable_type": "user", "reviewable_id": record, "title": "kind" });
    let made = devin
        .post("/tools/reviews", &review)
        .await
        .expect_status(201);
    assert_eq!(made.at("/data/status"), "pending");
    let again = blamed(&devin, "/tools/reviews", &review, 409).await;
    assert_eq!(again, ["reviewable_id"]);
    let mut approved = review.clone();
    approved["status"] = json!("approved");
    let fields = blamed(&alice, "/tools/reviews", &approved, 422).await;
    assert_eq!(fields, ["status"]);
    let path = format!("/tools/reviews/{}", made.text_at("/data/id"));
    let verdict = json!({ "status": "approved" });
    devin.patch(&path, "*", &verdict).await.expect_status(403);
    let decided = alice.patch(&path, "*", &verdict).await.expect_status(200);
    assert_eq!(decided.at("/data/status"), "approved");
    let replaced = alice.put(&path, "*", &review).await.expect_status(200);
    assert_eq!(
        replaced.at("/data/status"),
        "approved",
        "a replacement does not decide"
    );
    let best = json!({ "rating": 6, "reviewable_type": "user", "reviewable_id": record });
    let fields = blamed(&alice, "/tools/reviews", &best, 422).await;
    assert_eq!(fields, ["rating"]);
}

#[tokio::test]
async fn a_footprint_is_what_was_done_times_its_factor() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let flight = json!({
        "scope": 3, "activity": "flight", "quantity": 1250.5, "unit": "km", "factor": 0.2,
        "incurred_on": "2026-03-01",
    });
    let made = alice.post("/tools/carbon-footprints", &flight).await;
    let made = made.expect_status(201);
    assert_eq!(made.at("/data/kg_co2e"), 250.1);
    let path = format!("/tools/carbon-footprints/{}", made.text_at("/data/id"));
    let halved = alice.patch(&path, "*", &json!({ "quantity": 100 })).await;
    assert_eq!(halved.at("/data/kg_co2e"), 20.0);
    let mut computed = flight;
    computed["kg_co2e"] = json!(1);
    let fields = blamed(&alice, "/tools/carbon-footprints", &computed, 422).await;
    assert_eq!(fields, ["kg_co2e"]);
}

#[tokio::test]
async fn the_secret_of_a_channel_is_kept_sealed_and_never_shown() {
    const SECRET: &str = "hunter2-of-the-channel";
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let channel = json!({ "name": "mail", "kind": "email", "settings": { "host": "mx.example" } });
    let made = alice
        .post("/tools/channels", &channel)
        .await
        .expect_status(201);
    assert_eq!(made.at("/data/has_secret"), false);
    let path = format!("/tools/channels/{}", made.text_at("/data/id"));
    let given = alice.patch(&path, "*", &json!({ "secret": SECRET })).await;
    let given = given.expect_status(200);
    assert_eq!(given.at("/data/has_secret"), true);
    assert!(!given.text.contains(SECRET));
    let schema = &app.acme.tenant.schema;
    let client = app.database().client().await;
    let sql = format!("SELECT secret FROM {schema}.channel_configs");
    let sealed: String = client.query_one(&sql, &[]).await.unwrap().get(0);
    assert!(sealed.starts_with("s1.") && !sealed.contains(SECRET));
    let place = rowhouse::pepper::sealing::Place {
        tenant: &app.acme.tenant.id,
        kind: "channel_config",
        name: &format!("{}.secret", made.text_at("/data/id")),
    };
    let opened = app.platform().sealer.open(place, &sealed).unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&opened), SECRET);

    let sql = format!(
        "SELECT after ->> 'secret', before::text || after::text FROM {schema}.audit_logs \
         WHERE action = 'channels.update'"
    );
    let row = client.query_one(&sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "changed");
    assert!(!row.get::<_, &str>(1).contains("s1."));
    let cleared = alice.patch(&path, "*", &json!({ "secret": null })).await;
    assert_eq!(cleared.at("/data/has_secret"), false);
    let long = json!({ "secret": "x".repeat(4097) });
    alice.patch(&path, "*", &long).await.expect_status(422);
}
