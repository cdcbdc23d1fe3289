//! The events of a tenant as iCalendar (RFC 5545), read with a parser.

use icalendar::{Calendar, CalendarComponent, Component, DatePerhapsTime, EventLike};
use serde_json::{Value, json};
use test_app::{Caller, TestApp};

const PATH: &str = "/tools/events/calendar.ics";

async fn make(caller: &Caller, more: &Value) -> String {
    let mut event = json!({
        "title": "tea", "time_zone": "Europe/Berlin",
        "starts_at": "2026-03-01T10:00:00Z", "ends_at": "2026-03-01T11:00:00Z",
    });
    let fields = more.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(fields);
    let made = caller.post("/tools/events", &event).await;
    made.expect_status(201).text_at("/data/id")
}

/// The calendar, whose lines are as long as lines may be.
async fn read(caller: &Caller) -> (String, Calendar) {
    let answer = caller.get(PATH).await.expect_status(200);
    let content_type = answer.header("Content-Type").unwrap();
    assert_eq!(content_type, "text/calendar; charset=utf-8");
    let text = answer.text;
    let body = text.strip_suffix("\r\n").unwrap();
    for line in body.split("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        assert!(!line.is_empty() && !line.contains(['\r', '\n']), "{line:?}");
    }
    assert!(body.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:"));
    assert!(body.ends_with("\r\nEND:VCALENDAR"));
    let calendar = text.parse().unwrap();
    (text, calendar)
}

fn only(calendar: &Calendar) -> &icalendar::Event {
    let mut events = calendar.events();
    let event = events.next().unwrap();
    assert_eq!(events.next(), None);
    event
}

/// A property as it is written, and folded no more.
fn line(text: &str, name: &str) -> String {
    let text = text.replace("\r\n ", "");
    let event = text.split_once("BEGIN:VEVENT\r\n").unwrap().1;
    let found = event.split("\r\n").find(|line| line.starts_with(name));
    found.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_event_is_told_with_all_that_clients_show() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let more = json!({ "description": "green", "location": "kitchen", "recurrence": "freq=monthly;byday=-1su,1mo;count=4" });
    let id = make(&alice, &more).await;
    let (text, calendar) = read(&alice).await;
    let event = only(&calendar);
    assert_eq!(event.get_uid(), Some(id.as_str()));
    assert_eq!(event.get_summary(), Some("tea"));
    assert_eq!(event.get_description(), Some("green"));
    assert_eq!(event.get_location(), Some("kitchen"));
    assert_eq!(
        line(&text, "DTSTART"),
        "DTSTART;TZID=Europe/Berlin:20260301T110000"
    );
    assert_eq!(
        line(&text, "DTEND"),
        "DTEND;TZID=Europe/Berlin:20260301T120000"
    );
    assert_eq!(
        line(&text, "RRULE"),
        "RRULE:FREQ=MONTHLY;BYDAY=-1SU,1MO;COUNT=4"
    );
    assert_eq!(event.property_value("SEQUENCE"), Some("0"));
    let row = alice.get(&format!("/tools/events/{id}")).await;
    let written = |field: &str| {
        let time: chrono::DateTime<chrono::Utc> = row.text_at(field).parse().unwrap();
        time.format("%Y%m%dT%H%M%SZ").to_string()
    };
    for (name, field) in [
        ("DTSTAMP", "/data/updated_at"),
        ("LAST-MODIFIED", "/data/updated_at"),
        ("CREATED", "/data/created_at"),
    ] {
        assert_eq!(
            event.property_value(name).unwrap(),
            written(field),
            "{name}"
        );
    }
    assert_eq!(calendar.get_name(), Some(app.acme.tenant.name.as_str()));

    let (_, other) = read(&mallory).await;
    assert_eq!(other.components, []);
    alice
        .delete(&format!("/tools/events/{id}"), "*")
        .await
        .expect_status(204);
    let (_, empty) = read(&alice).await;
    assert_eq!(empty.components, []);
}

#[tokio::test]
async fn text_is_escaped_and_lines_are_folded_between_letters() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let title = "Straße, Übung; ende: \\n \"für\" 茶を飲む😀".repeat(3);
    let description = format!(
        "one, two;\r\n{}\n\ttabs \\, and\rBEGIN:VEVENT\nEND:VCALENDAR",
        "語😀".repeat(500)
    );
    let location = "a".repeat(200);
    let more = json!({ "title": title, "description": description, "location": location });
    make(&alice, &more).await;
    let (text, calendar) = read(&alice).await;
    let event = only(&calendar);
    assert_eq!(event.get_summary(), Some(title.as_str()));
    let description = description.replace("\r\n", "\n").replace('\r', "\n");
    assert_eq!(event.get_description(), Some(description.as_str()));
    assert_eq!(event.get_location(), Some(location.as_str()));
    let written = line(&text, "SUMMARY");
    let escaped = "SUMMARY:Straße\\, Übung\\; ende: \\\\n \"für\" 茶を飲む😀Straße\\,";
    assert!(written.starts_with(escaped), "{written}");
}

#[tokio::test]
async fn days_are_dates_of_their_zone_and_end_with_the_day_after() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let more = json!({
        "starts_at": "2026-03-27T23:00:00Z", "ends_at": "2026-03-29T22:00:00Z", "is_all_day": true,
        "recurrence": "FREQ=WEEKLY;BYHOUR=9;UNTIL=20260410T220000Z",
    });
    make(&alice, &more).await;
    let (text, calendar) = read(&alice).await;
    let event = only(&calendar);
    let date = |day| DatePerhapsTime::Date(chrono::NaiveDate::from_ymd_opt(2026, 3, day).unwrap());
    assert_eq!(event.get_start(), Some(date(28)));
    assert_eq!(event.get_end(), Some(date(30)));
    assert_eq!(line(&text, "DTSTART"), "DTSTART;VALUE=DATE:20260328");
    assert_eq!(line(&text, "RRULE"), "RRULE:FREQ=WEEKLY;UNTIL=20260411");
    assert!(!text.contains("VTIMEZONE"));
}

#[tokio::test]
async fn a_time_that_clocks_show_twice_is_told_in_utc() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let id = make(
        &alice,
        &json!({ "starts_at": "2026-10-25T00:30:00Z", "ends_at": "2026-10-25T01:30:00Z" }),
    )
    .await;
    let (text, _) = read(&alice).await;
    assert_eq!(
        line(&text, "DTSTART"),
        "DTSTART;TZID=Europe/Berlin:20261025T023000"
    );
    assert_eq!(line(&text, "DTEND"), "DTEND:20261025T013000Z");
    let path = format!("/tools/events/{id}");
    let instant = json!({ "time_zone": "UTC", "ends_at": "2026-10-25T00:30:00Z", "recurrence": "FREQ=DAILY;UNTIL=20261231" });
    alice.patch(&path, "*", &instant).await.expect_status(200);
    let (text, _) = read(&alice).await;
    assert_eq!(line(&text, "DTSTART"), "DTSTART:20261025T003000Z");
    assert_eq!(line(&text, "DTEND"), "", "what has no length has no end");
    assert_eq!(
        line(&text, "RRULE"),
        "RRULE:FREQ=DAILY;UNTIL=20261231T235959Z"
    );
}

#[tokio::test]
async fn each_time_zone_is_told_once_with_every_change_of_its_clock() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for zone in ["Europe/Berlin", "Asia/Kolkata", "Europe/Berlin"] {
        make(&alice, &json!({ "time_zone": zone })).await;
    }
    let (text, calendar) = read(&alice).await;
    let zones: Vec<_> = calendar
        .components
        .iter()
        .filter_map(|component| match component {
            CalendarComponent::Other(zone) if zone.component_kind() == "VTIMEZONE" => Some(zone),
            _ => None,
        })
        .collect();
    let names: Vec<_> = zones
        .iter()
        .map(|zone| zone.property_value("TZID").unwrap())
        .collect();
    assert_eq!(names, ["Europe/Berlin", "Asia/Kolkata"]);
    let berlin = zones[0].components();
    let change = |kind: &str, from: &str, at: &str| {
        let of_kind = berlin.iter().filter(|part| part.component_kind() == kind);
        let mut matching = of_kind.filter(|part| {
            let dates = part.multi_properties().get("RDATE").into_iter().flatten();
            let mut times = dates.flat_map(|dates| dates.value().split(','));
            part.property_value("TZOFFSETFROM") == Some(from)
                && (part.property_value("DTSTART") == Some(at) || times.any(|time| time == at))
        });
        let found = matching.next();
        found.map(|part| part.property_value("TZOFFSETTO").unwrap().to_owned())
    };
    assert_eq!(
        change("DAYLIGHT", "+0100", "20260329T020000").unwrap(),
        "+0200"
    );
    assert_eq!(
        change("STANDARD", "+0200", "20261025T030000").unwrap(),
        "+0100"
    );
    assert_eq!(
        change("STANDARD", "+0100", "19700101T010000").unwrap(),
        "+0100"
    );
    assert_eq!(change("DAYLIGHT", "+0100", "20260328T020000"), None);
    assert!(text.contains("TZNAME:CEST\r\n"));
    let kolkata = zones[1].components();
    assert_eq!(kolkata.len(), 1);
    assert_eq!(kolkata[0].property_value("TZOFFSETTO"), Some("+0530"));
}

#[tokio::test]
async fn a_calendar_longer_than_a_page_is_whole() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let sql = "INSERT INTO events (id, title, starts_at, ends_at, is_all_day, time_zone) \
               SELECT gen_random_uuid(), 'tea ' || n, '2026-03-01', '2026-03-02', false, 'Europe/Berlin' \
               FROM generate_series(1, 250) n";
    app.sql_in(&app.acme, sql).await;
    let (text, calendar) = read(&alice).await;
    let titles: std::collections::BTreeSet<_> = calendar
        .events()
        .map(|event| event.get_summary().unwrap())
        .collect();
    assert_eq!((calendar.events().count(), titles.len()), (250, 250));
    assert_eq!(text.matches("BEGIN:VTIMEZONE").count(), 1);
}

#[tokio::test]
async fn a_calendar_client_reads_it_with_an_api_key_of_that_scope() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    make(&alice, &json!({})).await;
    for (scope, status) in [("events.read", 200), ("notes.read", 403)] {
        let order = json!({ "name": "calendar", "scopes": [scope] });
        let key = alice.post("/api-keys", &order).await.expect_status(201);
        let client = alice.with_token(&key.text_at("/data/key"));
        client.get(PATH).await.expect_status(status);
    }
    anonymous.at("acme").get(PATH).await.expect_status(401);
    alice
        .get(&format!("{PATH}?from=2026-01-01"))
        .await
        .expect_status(400);
}
