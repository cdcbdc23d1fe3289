//! What events come to in a span of time: rules of recurrence, time zones, and the bounds of both.

use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Caller, TestApp};

/// An event of an hour in Berlin.
async fn make(caller: &Caller, title: &str, starts_at: &str, rule: Option<&str>) -> String {
    let starts: chrono::DateTime<chrono::Utc> = starts_at.parse().unwrap();
    let more = json!({ "starts_at": starts, "ends_at": starts + chrono::TimeDelta::hours(1), "recurrence": rule });
    make_with(caller, title, &more).await
}

async fn make_with(caller: &Caller, title: &str, more: &Value) -> String {
    let mut event = json!({ "title": title, "time_zone": "Europe/Berlin" });
    let fields = more.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(fields);
    let made = caller.post("/tools/events", &event).await;
    made.expect_status(201).text_at("/data/id")
}

async fn agenda(caller: &Caller, from: &str, to: &str) -> Value {
    let path = format!("/tools/events/occurrences?from={from}&to={to}");
    caller.get(&path).await.expect_status(200).at("/data")
}

/// A field of all that takes place.
async fn all(caller: &Caller, from: &str, to: &str, field: &str) -> Vec<String> {
    let agenda = agenda(caller, from, to).await;
    let occurrences = agenda["occurrences"].as_array().unwrap().clone();
    let field = |one: &Value| one[field].as_str().unwrap().to_owned();
    occurrences.iter().map(field).collect()
}

async fn starts(caller: &Caller, from: &str, to: &str) -> Vec<String> {
    all(caller, from, to, "starts_at").await
}

#[tokio::test]
async fn an_event_keeps_its_hour_by_the_clock_of_its_zone() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    // At nine, daily over the end of March, and weekly over the end of October.
    let daily = Some("FREQ=DAILY;COUNT=10");
    make(&alice, "spring", "2026-03-23T08:00:00Z", daily).await;
    let weekly = Some("FREQ=WEEKLY");
    make(&alice, "autumn", "2026-10-19T07:00:00Z", weekly).await;
    let spring = ["2026-03-27T00:00:00Z", "2026-05-01T00:00:00Z"];
    assert_eq!(
        starts(&alice, spring[0], spring[1]).await,
        [
            "2026-03-27T08:00:00Z",
            "2026-03-28T08:00:00Z",
            "2026-03-29T07:00:00Z",
            "2026-03-30T07:00:00Z",
            "2026-03-31T07:00:00Z",
            "2026-04-01T07:00:00Z",
        ]
    );
    let ends = all(&alice, spring[0], "2026-03-30T00:00:00Z", "ends_at").await;
    assert_eq!(ends[2], "2026-03-29T08:00:00Z");
    assert_eq!(
        starts(&alice, "2026-10-01T00:00:00Z", "2026-11-03T00:00:00Z").await,
        [
            "2026-10-19T07:00:00Z",
            "2026-10-26T08:00:00Z",
            "2026-11-02T08:00:00Z",
        ]
    );
    let others = starts(&mallory, spring[0], spring[1]).await;
    assert!(others.is_empty(), "{others:?}");
}

/// RFC 5545 §3.3.5.
#[tokio::test]
async fn an_hour_that_is_left_out_comes_later_and_one_that_comes_twice_is_the_first() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let daily = Some("FREQ=DAILY;COUNT=3");
    make(&alice, "spring", "2026-03-28T01:30:00Z", daily).await;
    make(&alice, "autumn", "2026-10-24T00:30:00Z", daily).await;
    assert_eq!(
        starts(&alice, "2026-03-01T00:00:00Z", "2026-12-01T00:00:00Z").await,
        [
            "2026-03-28T01:30:00Z",
            "2026-03-29T01:30:00Z",
            "2026-03-30T00:30:00Z",
            "2026-10-24T00:30:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-26T01:30:00Z",
        ]
    );
}

#[tokio::test]
async fn a_rule_ends_with_its_count_or_its_last_time_and_holds_the_beginning() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    // 2026-03-03 is a Tuesday.
    for (rule, days) in [
        ("FREQ=DAILY;COUNT=3", vec![3, 4, 5]),
        ("FREQ=DAILY;UNTIL=20260305T100000Z", vec![3, 4, 5]),
        ("FREQ=DAILY;UNTIL=20260305T095959Z", vec![3, 4]),
        ("FREQ=DAILY;UNTIL=20260305", vec![3, 4, 5]),
        ("FREQ=DAILY;UNTIL=20260101", vec![3]),
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=3", vec![3, 9, 16]),
        ("FREQ=DAILY;INTERVAL=14", vec![3, 17, 31]),
        ("freq=monthly;byday=-1tu", vec![3, 31]),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=WE", vec![3]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", vec![3, 31]),
    ] {
        let id = make(&alice, "tea", "2026-03-03T10:00:00Z", Some(rule)).await;
        let found = starts(&alice, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z").await;
        let expected: Vec<String> = days
            .iter()
            .map(|day| {
                format!(
                    "2026-03-{day:02}T{:02}:00:00Z",
                    if *day < 29 { 10 } else { 9 }
                )
            })
            .collect();
        assert_eq!(found, expected, "{rule}");
        let path = format!("/tools/events/{id}");
        alice.delete(&path, "*").await.expect_status(204);
    }
}

#[tokio::test]
async fn an_event_of_whole_days_lasts_from_midnight_to_midnight_in_its_zone() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let more = json!({
        "starts_at": "2026-03-28T10:00:00Z", "ends_at": "2026-03-29T12:00:00Z", "is_all_day": true,
        "recurrence": "FREQ=WEEKLY;UNTIL=20260404",
    });
    make_with(&alice, "fair", &more).await;
    let more = json!({
        "starts_at": "2026-03-31T22:00:00Z", "ends_at": "2026-04-01T22:00:00Z", "is_all_day": true,
    });
    make_with(&alice, "first of April", &more).await;
    let span = ["2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z"];
    assert_eq!(
        starts(&alice, span[0], span[1]).await,
        [
            "2026-03-27T23:00:00Z",
            "2026-03-31T22:00:00Z",
            "2026-04-03T22:00:00Z",
        ]
    );
    assert_eq!(
        all(&alice, span[0], span[1], "ends_at").await,
        [
            "2026-03-29T22:00:00Z",
            "2026-04-01T22:00:00Z",
            "2026-04-05T22:00:00Z",
        ]
    );
    // In the evening of the days' last, and in the night after it.
    for (from, count) in [("2026-03-29T21:00:00Z", 1), ("2026-03-29T22:00:00Z", 0)] {
        let found = starts(&alice, from, "2026-03-30T12:00:00Z").await;
        assert_eq!(found.len(), count, "{from}");
    }
}

#[tokio::test]
async fn what_lasts_into_a_span_is_in_it_and_what_begins_with_its_end_is_not() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for (title, starts_at, ends_at) in [
        ("over", "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"),
        ("lasting", "2026-02-01T09:00:00Z", "2026-03-01T10:00:01Z"),
        ("short", "2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"),
        ("last", "2026-03-01T11:59:59Z", "2026-03-01T15:00:00Z"),
        ("next", "2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z"),
        ("deleted", "2026-03-01T11:00:00Z", "2026-03-01T13:00:00Z"),
    ] {
        let more = json!({ "starts_at": starts_at, "ends_at": ends_at });
        let id = make_with(&alice, title, &more).await;
        if title == "deleted" {
            let path = format!("/tools/events/{id}");
            alice.delete(&path, "*").await.expect_status(204);
        }
    }
    let daily = Some("FREQ=DAILY;COUNT=3");
    for (title, starts_at) in [
        ("over again", "2026-02-28T09:00:00Z"),
        ("lasting again", "2026-02-28T09:00:01Z"),
        ("last again", "2026-02-28T11:59:58Z"),
        ("next again", "2026-02-28T12:00:00Z"),
    ] {
        make(&alice, title, starts_at, daily).await;
    }
    let (from, to) = ("2026-03-01T10:00:00Z", "2026-03-01T12:00:00Z");
    let titles = all(&alice, from, to, "title").await;
    let expected = ["lasting", "lasting again", "short", "last again", "last"];
    assert_eq!(titles, expected);
}

#[tokio::test]
async fn what_began_long_ago_recurs_as_if_every_time_had_been_counted() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let span = ["2026-03-01T00:00:00Z", "2026-03-29T00:00:00Z"];
    // The days of March, found by counting from the first day of 1970, a Thursday.
    for (rule, days) in [
        ("FREQ=DAILY;INTERVAL=5", vec![3, 8, 13, 18, 23, 28]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", vec![9, 13, 23, 27]),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
            vec![8, 9, 22, 23],
        ),
        ("FREQ=MONTHLY;BYDAY=2TU", vec![10]),
        ("FREQ=YEARLY;BYYEARDAY=60", vec![1]),
    ] {
        let id = make(&alice, "tea", "1970-01-01T10:00:00Z", Some(rule)).await;
        let found = starts(&alice, span[0], span[1]).await;
        let expected: Vec<String> = days
            .iter()
            .map(|day| format!("2026-03-{day:02}T10:00:00Z"))
            .collect();
        assert_eq!(found, expected, "{rule}");
        let path = format!("/tools/events/{id}");
        alice.delete(&path, "*").await.expect_status(204);
    }
}

#[tokio::test]
async fn at_most_a_thousand_occurrences_are_listed_the_earliest() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let hours: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
    let hourly = format!("FREQ=DAILY;BYHOUR={}", hours.join(","));
    make(&alice, "hourly", "2026-05-01T10:00:00Z", Some(&hourly)).await;
    make(&alice, "once", "2026-05-01T10:30:00Z", None).await;
    let few = agenda(&alice, "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z").await;
    assert_eq!(few["has_more"], false);
    let many = agenda(&alice, "2026-05-01T00:00:00Z", "2027-05-01T00:00:00Z").await;
    assert_eq!(many["has_more"], true);
    let occurrences = many["occurrences"].as_array().unwrap();
    assert_eq!(occurrences.len(), 1_000);
    assert_eq!(occurrences[1]["title"], "once");
    // 999 hours from the first one on.
    assert_eq!(occurrences[999]["starts_at"], "2026-06-12T00:00:00Z");
}

#[tokio::test]
async fn a_span_is_a_year_at_most_and_begins_before_it_ends() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for (query, field) in [
        ("from=tomorrow", "from"),
        ("from=1899-12-31T23:59:59Z&to=1900-01-02T00:00:00Z", "from"),
        ("from=2200-01-01T00:00:00Z", "from"),
        ("from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("from=2026-01-01T00:00:00Z&to=2027-01-02T00:00:01Z", "to"),
        ("from=2199-12-31T00:00:00Z&to=2200-01-01T00:00:01Z", "to"),
        (
            "from=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z",
            "until",
        ),
    ] {
        let path = format!("/tools/events/occurrences?{query}");
        let refused = alice.get(&path).await.expect_status(400);
        assert!(
            refused.at("/errors").get(field).is_some(),
            "{query}: {refused:#?}"
        );
    }
    for query in [
        "from=2026-01-01T00:00:00Z&to=2027-01-02T00:00:00Z",
        "from=2199-12-31T00:00:00Z",
        "from=2026-03-01T00:00:00%2B01:00",
        "",
    ] {
        let path = format!("/tools/events/occurrences?{query}");
        alice.get(&path).await.expect_status(200);
    }
    let path = "/tools/events/occurrences";
    for method in [Method::POST, Method::PATCH, Method::DELETE] {
        let request = alice.request(method, path).header("If-Match", "*");
        alice.send(request).await.expect_status(405);
    }
}

#[tokio::test]
async fn a_rule_that_is_wrong_or_takes_long_is_refused() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let minutes: Vec<String> = (0..25).map(|minute| minute.to_string()).collect();
    for rule in [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;COUNT=5",
        "FREQ=HOURLY",
        &format!("FREQ=DAILY;BYMINUTE={}", minutes.join(",")),
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=10001",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=20270101T100000",
        "FREQ=DAILY;UNTIL=20270230",
        "FREQ=DAILY;UNTIL=20270101;UNTIL=20270102",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=WEEKLY;BYDAY=2MO",
        "FREQ=MONTHLY;BYDAY=SU,1MO",
        "FREQ=MONTHLY;BYDAY=XXMO",
        "FREQ=YEARLY;BYDAY=WÄE",
        "FREQ=MONTHLY;BYDAY=0MO",
        "RRULE:FREQ=DAILY",
        "FREQ=DAILY;",
        "DTSTART=20260101T000000Z",
        "BYDAY=MO",
        "FREQ=DAILY;DTSTART=20200101",
    ] {
        let event = json!({
            "title": "tea", "starts_at": "2026-03-01T10:00:00Z", "ends_at": "2026-03-01T11:00:00Z",
            "time_zone": "Europe/Berlin", "recurrence": rule,
        });
        let refused = alice.post("/tools/events", &event).await;
        let refused = refused.expect_status(422);
        assert!(
            refused.at("/errors").get("recurrence").is_some(),
            "{rule}: {refused:#?}"
        );
    }
}
