//! Working hours on ordinary days, over midnight, and when clocks are changed (rule 23).

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn hours(days: &[&str], from: &str, to: &str) -> WorkingHours {
    serde_json::from_value(json!({ "days": days, "from": from, "to": to })).unwrap()
}

fn office() -> WorkingHours {
    hours(&["mon", "tue", "wed", "thu", "fri"], "09:00", "18:00")
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn standing(hours: &WorkingHours, zone: Tz, instant: &str) -> Standing {
    hours.at(at(instant), zone, &BTreeSet::new())
}

fn closed_until(opening: &str) -> Standing {
    Standing::Closed {
        next_opening: Some(at(opening)),
    }
}

#[test]
fn hours_are_judged_in_the_users_zone() {
    let instant = "2026-11-23T08:30:00Z";
    assert_eq!(
        standing(&office(), Tz::Europe__Berlin, instant),
        Standing::Open
    );
    assert_eq!(
        standing(&office(), Tz::UTC, instant),
        closed_until("2026-11-23T09:00:00Z")
    );
    assert_eq!(
        standing(&office(), Tz::America__New_York, instant),
        closed_until("2026-11-23T14:00:00Z")
    );
}

#[test]
fn the_first_instant_is_within_and_the_last_is_not() {
    for (instant, expected) in [
        (
            "2026-11-23T08:59:59.999999Z",
            closed_until("2026-11-23T09:00:00Z"),
        ),
        ("2026-11-23T09:00:00Z", Standing::Open),
        ("2026-11-23T17:59:59.999999Z", Standing::Open),
        ("2026-11-23T18:00:00Z", closed_until("2026-11-24T09:00:00Z")),
    ] {
        assert_eq!(standing(&office(), Tz::UTC, instant), expected, "{instant}");
    }
}

#[test]
fn after_friday_comes_monday_unless_it_is_a_holiday() {
    let friday = at("2026-11-27T19:00:00Z");
    assert_eq!(
        office().at(friday, Tz::UTC, &BTreeSet::new()),
        closed_until("2026-11-30T09:00:00Z")
    );
    let monday = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
    let holidays = BTreeSet::from([monday]);
    assert_eq!(
        office().at(friday, Tz::UTC, &holidays),
        closed_until("2026-12-01T09:00:00Z")
    );
    assert_eq!(
        office().at(at("2026-11-30T10:00:00Z"), Tz::UTC, &holidays),
        closed_until("2026-12-01T09:00:00Z")
    );
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_begins() {
    let friday_night = hours(&["fri"], "22:00", "06:00");
    for (instant, expected) in [
        ("2026-11-27T05:00:00Z", closed_until("2026-11-27T22:00:00Z")),
        ("2026-11-27T23:00:00Z", Standing::Open),
        ("2026-11-28T05:59:59Z", Standing::Open),
        ("2026-11-28T06:00:00Z", closed_until("2026-12-04T22:00:00Z")),
        ("2026-11-28T23:00:00Z", closed_until("2026-12-04T22:00:00Z")),
    ] {
        assert_eq!(
            standing(&friday_night, Tz::UTC, instant),
            expected,
            "{instant}"
        );
    }
}

#[test]
fn a_window_from_an_hour_to_the_same_is_a_whole_day() {
    let saturdays = hours(&["sat"], "00:00", "00:00");
    assert_eq!(
        standing(&saturdays, Tz::UTC, "2026-11-28T23:59:59Z"),
        Standing::Open
    );
    assert_eq!(
        standing(&saturdays, Tz::UTC, "2026-11-29T00:00:00Z"),
        closed_until("2026-12-05T00:00:00Z")
    );
}

#[test]
fn who_never_works_has_no_next_opening() {
    let never = hours(&[], "09:00", "18:00");
    assert_eq!(
        standing(&never, Tz::UTC, "2026-11-23T10:00:00Z"),
        Standing::Closed { next_opening: None }
    );
}

/// Berlin 2026-03-29 02:00 → 03:00, New York 2026-03-08 02:00 → 03:00, Lord Howe 2026-10-04 02:00 → 02:30.
#[test]
fn a_window_that_opens_in_a_gap_opens_when_the_clock_goes_on() {
    let early = hours(&["sun"], "02:15", "10:00");
    for (zone, before, opening) in [
        (
            Tz::Europe__Berlin,
            "2026-03-29T00:59:59Z",
            "2026-03-29T01:00:00Z",
        ),
        (
            Tz::America__New_York,
            "2026-03-08T06:59:59Z",
            "2026-03-08T07:00:00Z",
        ),
        (
            Tz::Australia__Lord_Howe,
            "2026-10-03T15:29:59Z",
            "2026-10-03T15:30:00Z",
        ),
    ] {
        assert_eq!(
            standing(&early, zone, before),
            closed_until(opening),
            "{zone}"
        );
        assert_eq!(standing(&early, zone, opening), Standing::Open, "{zone}");
    }
}

/// Berlin 2026-10-25 03:00 → 02:00, New York 2026-11-01 02:00 → 01:00, Lord Howe 2026-04-05 02:00 → 01:30.
#[test]
fn hours_that_come_twice_are_worked_twice() {
    for (zone, hours, first, second, closes) in [
        (
            Tz::Europe__Berlin,
            hours(&["sun"], "02:00", "02:45"),
            "2026-10-25T00:00:00Z",
            "2026-10-25T01:44:59Z",
            "2026-10-25T01:45:00Z",
        ),
        (
            Tz::America__New_York,
            hours(&["sun"], "01:00", "01:45"),
            "2026-11-01T05:00:00Z",
            "2026-11-01T06:44:59Z",
            "2026-11-01T06:45:00Z",
        ),
        (
            Tz::Australia__Lord_Howe,
            hours(&["sun"], "01:30", "01:45"),
            "2026-04-04T14:30:00Z",
            "2026-04-04T15:14:59Z",
            "2026-04-04T15:15:00Z",
        ),
    ] {
        assert_eq!(standing(&hours, zone, first), Standing::Open, "{zone}");
        assert_eq!(standing(&hours, zone, second), Standing::Open, "{zone}");
        assert_ne!(standing(&hours, zone, closes), Standing::Open, "{zone}");
    }
}

/// Samoa went from 29 to 31 December 2011.
#[test]
fn a_day_that_was_left_out_has_no_window() {
    let fridays = hours(&["fri"], "09:00", "18:00");
    assert_eq!(
        standing(&fridays, Tz::Pacific__Apia, "2011-12-30T10:00:00Z"),
        closed_until("2012-01-05T19:00:00Z")
    );
}

#[test]
fn what_is_no_window_is_refused() {
    for wrong in [
        json!({ "days": ["monday"], "from": "09:00", "to": "18:00" }),
        json!({ "days": ["mon"], "from": "9:00", "to": "18:00" }),
        json!({ "days": ["mon"], "from": "09:00", "to": "24:00" }),
        json!({ "days": ["mon"], "from": "09:00", "to": "18:00", "zone": "UTC" }),
        json!({ "days": ["mon"], "from": "09:00" }),
    ] {
        assert!(
            serde_json::from_value::<WorkingHours>(wrong.clone()).is_err(),
            "{wrong}"
        );
    }
    let written = json!({ "days": ["mon", "sun"], "from": "22:00", "to": "06:30" });
    let read: WorkingHours = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), written);
}

proptest! {
    #[test]
    fn the_next_opening_is_the_first_open_instant(
        seconds in 1_600_000_000_i64..1_900_000_000,
        zone in proptest::sample::select(&chrono_tz::TZ_VARIANTS[..]),
        from in 0_u32..1440,
        to in 0_u32..1440,
        days in proptest::collection::btree_set(0_u8..7, 1..7),
    ) {
        let time = |minute: u32| NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
        let hours = WorkingHours {
            days: days.into_iter().map(Day).collect(),
            from: time(from),
            to: time(to),
        };
        let now = DateTime::from_timestamp(seconds, 0).unwrap();
        let none = BTreeSet::new();
        if let Standing::Closed { next_opening } = hours.at(now, zone, &none) {
            let opening = next_opening.unwrap();
            prop_assert!(opening > now);
            prop_assert_eq!(hours.at(opening, zone, &none), Standing::Open);
            let before = opening - TimeDelta::nanoseconds(1);
            prop_assert_eq!(hours.at(before, zone, &none), Standing::Closed { next_opening });
            let between = now + (opening - now) / 2;
            prop_assert_eq!(hours.at(between, zone, &none), Standing::Closed { next_opening });
        }
    }
}
