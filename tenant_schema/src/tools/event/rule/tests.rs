//! What is a rule of recurrence, and what it comes to.

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;

use super::Rule;

fn noon(year: i32, month: u32, day: u32) -> NaiveDateTime {
    let day = NaiveDate::from_ymd_opt(year, month, day).unwrap();
    day.and_hms_opt(12, 0, 0).unwrap()
}

/// What is skipped for being long over must not be missed: the same is found with and without.
#[test]
fn a_rule_comes_to_the_same_wherever_it_is_looked_at() {
    let start = noon(2001, 5, 17);
    for rule in [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=13",
        "FREQ=DAILY;BYMONTH=2,7;BYDAY=MO,TH",
        "FREQ=DAILY;BYHOUR=3,21",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO,TH",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
        "FREQ=WEEKLY;INTERVAL=5;WKST=WE;BYDAY=TU,WE;UNTIL=20080101",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=YEARLY;BYWEEKNO=53",
        "FREQ=DAILY;INTERVAL=3;COUNT=500",
    ] {
        let rule: Rule = rule.parse().unwrap();
        let all: Vec<_> = rule
            .starts(start, start, false, Tz::Europe__Berlin)
            .take_while(|time| *time < noon(2012, 1, 1))
            .collect();
        for since in [noon(2001, 5, 18), noon(2004, 2, 29), noon(2011, 11, 11)] {
            let later = rule
                .starts(start, since, false, Tz::Europe__Berlin)
                .take_while(|time| *time < noon(2012, 1, 1))
                .filter(|time| *time >= since);
            let expected = all.iter().copied().filter(|time| *time >= since);
            assert!(later.eq(expected), "{rule:?} since {since}");
        }
    }
}

#[test]
fn a_rule_is_written_as_what_it_is_for_takes_it() {
    let zone = Tz::Europe__Berlin;
    for (rule, timed, whole) in [
        (
            "freq=daily;byhour=9;until=20260704",
            "FREQ=DAILY;BYHOUR=9;UNTIL=20260704T215959Z",
            "FREQ=DAILY;UNTIL=20260704",
        ),
        (
            "UNTIL=20260704T220000Z;FREQ=WEEKLY",
            "FREQ=WEEKLY;UNTIL=20260704T220000Z",
            "FREQ=WEEKLY;UNTIL=20260705",
        ),
        (
            "FREQ=MONTHLY;COUNT=7;BYDAY=1MO",
            "FREQ=MONTHLY;BYDAY=1MO;COUNT=7",
            "FREQ=MONTHLY;BYDAY=1MO;COUNT=7",
        ),
    ] {
        let rule: Rule = rule.parse().unwrap();
        assert_eq!(rule.text(false, zone), timed);
        assert_eq!(rule.text(true, zone), whole);
    }
}
