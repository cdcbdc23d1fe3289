//! The settings that a tenant starts with.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::settings::{NewSetting, ValueType};

/// Every default setting, ready to be inserted.
pub(super) fn all() -> Vec<NewSetting> {
    use ValueType::{Boolean, Integer, Json, String};
    vec![
        setting(
            "audit.requests",
            Boolean,
            json!(false),
            "Whether each call is logged, with its bodies",
        ),
        setting(
            "login.require_verified_email",
            Boolean,
            json!(false),
            "Whether an address must be proven before it signs in",
        ),
        setting(
            "registration.enabled",
            Boolean,
            json!(false),
            "Whether people may register themselves",
        ),
        setting(
            crate::settings::setting::MOST_SESSIONS,
            Integer,
            json!(3),
            "How many sessions a user can have; the least recently used ends",
        ),
        setting(
            crate::settings::setting::SUPPORT_ACCESS,
            Boolean,
            json!(true),
            "Whether those who run the platform may act as users, for a time and a reason",
        ),
        setting(
            "users.default_role",
            String,
            json!("user"),
            "The role of a user who registers or is synchronised",
        ),
        setting(
            "users.default_timezone",
            String,
            json!("UTC"),
            "The IANA time zone of a user who gives none",
        ),
        setting(
            crate::identity::schedule::HOLIDAYS,
            Json,
            json!([]),
            "Days like `2026-12-25` on which nobody works",
        ),
    ]
}

fn setting(key: &str, value_type: ValueType, value: Value, description: &str) -> NewSetting {
    NewSetting {
        id: Uuid::now_v7(),
        key: key.to_owned(),
        value,
        value_type,
        description: Some(description.to_owned()),
        is_secret: false,
        updated_by: None,
    }
}
