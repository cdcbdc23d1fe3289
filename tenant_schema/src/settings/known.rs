//! The settings that the server knows: their types, constraints and defaults. A tenant's table holds what it changed of them.
//!
//! A new tenant gets a row for each, with the default: a row that nobody has changed is no override.

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::constraints::Constraints;
use super::setting::ValueType;

/// Whether each call is logged, with its bodies.
pub const AUDIT_REQUESTS: &str = "audit.requests";

/// For how many days rows of the audit log are kept; 0 is for ever.
pub const RETENTION_DAYS: &str = "audit.retention_days";

/// Whether an address must be proven before it signs in.
pub const REQUIRE_PROOF: &str = "login.require_verified_email";

/// Whether people may register themselves.
pub const REGISTRATION: &str = "registration.enabled";

/// How many live sessions a user has at most.
pub const MOST_SESSIONS: &str = "sessions.max_per_user";

/// Whether system users may act as users.
pub const SUPPORT_ACCESS: &str = "support.access";

/// The role of who registers.
pub const DEFAULT_ROLE: &str = "users.default_role";

/// The time zone of who gives none.
pub const DEFAULT_TIMEZONE: &str = "users.default_timezone";

/// The days on which nobody works.
pub const HOLIDAYS: &str = "working_hours.holidays";

/// Most holidays that a tenant names: more than two for each week of ten years.
const MOST_HOLIDAYS: usize = 1_000;

/// A setting that the server knows.
#[derive(Debug, Clone)]
pub struct KnownSetting {
    /// Its name.
    pub key: &'static str,
    /// What kind of value it takes.
    pub value_type: ValueType,
    /// What the value must keep to.
    pub constraints: Constraints,
    /// What else the value must be.
    pub format: Format,
    /// The value where the tenant has set none.
    pub default: Value,
    /// Whether the value is never shown, and kept sealed.
    pub is_secret: bool,
    /// What it takes to change it, besides the permission.
    pub guard: Guard,
    /// What it does, for people.
    pub description: &'static str,
}

/// What a value is, beyond its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Nothing in particular.
    Any,
    /// The name of a role of the tenant. That there is one is checked against its table.
    Role,
    /// The name of a time zone of the IANA database.
    TimeZone,
    /// A list of days, each as `2026-12-25`.
    Days,
}

/// What it takes to change a setting, besides the permission `settings.update`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    Open,
    /// Every right of the role that it names, and a rank that is not below it.
    RightsOfTheRole,
    /// A session of one's own: no API key, and nobody who acts as a user.
    OwnSession,
}

impl KnownSetting {
    /// The setting of this name, if the server knows one.
    pub fn find(key: &str) -> Option<&'static Self> {
        Self::all().iter().find(|known| known.key == key)
    }

    /// All of them, in the order of their names.
    pub fn all() -> &'static [Self] {
        &KNOWN
    }

    /// Checks a value, as far as it goes without the tenant's tables.
    ///
    /// # Errors
    /// What is wrong with it: the end of a sentence that begins with its name.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        self.constraints.check(self.value_type, value)?;
        match self.format {
            Format::Any | Format::Role => Ok(()),
            Format::TimeZone => check_zone(value),
            Format::Days => check_days(value),
        }
    }

    fn new(
        key: &'static str,
        value_type: ValueType,
        default: Value,
        description: &'static str,
    ) -> Self {
        Self {
            key,
            value_type,
            constraints: Constraints::default(),
            format: Format::Any,
            default,
            is_secret: false,
            guard: Guard::Open,
            description,
        }
    }
}

static KNOWN: LazyLock<Vec<KnownSetting>> = LazyLock::new(|| {
    use ValueType::{Boolean, Integer, Json, String};
    vec![
        KnownSetting::new(
            AUDIT_REQUESTS,
            Boolean,
            json!(false),
            "Whether each call is logged, with its bodies",
        ),
        KnownSetting {
            constraints: Constraints {
                minimum: Some(0),
                maximum: Some(36_500),
                ..Constraints::default()
            },
            ..KnownSetting::new(
                RETENTION_DAYS,
                Integer,
                json!(0),
                "For how many days rows of the audit log are kept, at least 30; 0 is for ever",
            )
        },
        KnownSetting::new(
            REQUIRE_PROOF,
            Boolean,
            json!(false),
            "Whether an address must be proven before it signs in",
        ),
        KnownSetting::new(
            REGISTRATION,
            Boolean,
            json!(false),
            "Whether people may register themselves",
        ),
        KnownSetting {
            constraints: Constraints {
                minimum: Some(1),
                maximum: Some(100),
                ..Constraints::default()
            },
            ..KnownSetting::new(
                MOST_SESSIONS,
                Integer,
                json!(3),
                "How many sessions a user can have; the least recently used ends",
            )
        },
        KnownSetting {
            guard: Guard::OwnSession,
            ..KnownSetting::new(
                SUPPORT_ACCESS,
                Boolean,
                json!(true),
                "Whether those who run the platform may act as users, for a time and a reason",
            )
        },
        KnownSetting {
            format: Format::Role,
            guard: Guard::RightsOfTheRole,
            ..KnownSetting::new(
                DEFAULT_ROLE,
                String,
                json!("user"),
                "The role of a user who registers or is synchronised",
            )
        },
        KnownSetting {
            format: Format::TimeZone,
            ..KnownSetting::new(
                DEFAULT_TIMEZONE,
                String,
                json!("UTC"),
                "The IANA time zone of a user who gives none",
            )
        },
        KnownSetting {
            format: Format::Days,
            ..KnownSetting::new(
                HOLIDAYS,
                Json,
                json!([]),
                "Days like `2026-12-25` on which nobody works",
            )
        },
    ]
});

fn check_zone(value: &Value) -> Result<(), String> {
    let zone = value.as_str().map(str::parse::<chrono_tz::Tz>);
    match zone {
        Some(Ok(_)) => Ok(()),
        _ => Err("must be a time zone of the IANA database, such as `Europe/Berlin`".to_owned()),
    }
}

fn check_days(value: &Value) -> Result<(), String> {
    let days = serde_json::from_value::<Vec<NaiveDate>>(value.clone());
    match days {
        Ok(days) if days.len() <= MOST_HOLIDAYS => Ok(()),
        _ => Err(format!(
            "must be a list of at most {MOST_HOLIDAYS} days, each as `2026-12-25`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_defaults_are_values() {
        let all = KnownSetting::all();
        assert!(all.is_sorted_by(|one, next| one.key < next.key));
        for known in all {
            assert_eq!(known.check(&known.default), Ok(()), "{}", known.key);
            assert_eq!(
                known.constraints.faults(known.value_type),
                [],
                "{}",
                known.key
            );
        }
    }

    #[test]
    fn zones_and_days_are_more_than_texts() {
        let zone = KnownSetting::find(DEFAULT_TIMEZONE).unwrap();
        assert!(zone.check(&json!("Europe/Berlin")).is_ok());
        assert!(zone.check(&json!("Europe/Atlantis")).is_err());
        let days = KnownSetting::find(HOLIDAYS).unwrap();
        assert!(days.check(&json!(["2026-12-25", "2026-12-26"])).is_ok());
        for no_days in [
            json!({}),
            json!(["2026-02-30"]),
            json!([1]),
            json!("2026-12-25"),
        ] {
            assert!(days.check(&no_days).is_err(), "{no_days}");
        }
    }
}
