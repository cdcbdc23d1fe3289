//! Secrets in bodies and paths, which no log keeps.

use std::borrow::Cow;

use serde_json::Value;

use super::{Body, omitted};

/// What stands in the place of a secret.
const REMOVED: &str = "removed";

/// What the name of a secret holds, in small letters and without separators.
const NAMES: [&str; 10] = [
    "password",
    "passphrase",
    "passwd",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "credential",
    "authorization",
    "cookie",
];

/// What is in texts that are or have secrets, whatever they are called: API keys, JWTs, and links, which whoever has one may
/// follow.
const MARKS: [&str; 3] = ["rh_live_", "eyJ", "/links/"];

/// Whether a request was understood. One that was not may have a secret under any name, and one who was not let in may have
/// given the password for the name.
pub(super) fn is_understood(status: u16) -> bool {
    !matches!(status, 400 | 401 | 403 | 415 | 422 | 429)
}

/// The path, or the pattern of one that has a secret in it.
pub(super) fn path<'path>(path: &'path str, pattern: Option<&'path str>) -> &'path str {
    if is_secret_text(path) {
        pattern.unwrap_or(REMOVED)
    } else {
        path
    }
}

/// What was sent, without secrets. Whether the value of a setting is one, only its row tells, so none is kept.
pub(super) fn request(path: &str, mut body: Value) -> Value {
    if path.contains("/settings")
        && let Some(value) = body.get_mut("value")
    {
        *value = REMOVED.into();
    }
    without_secrets(body)
}

/// What was answered, without secrets; nothing of what is no JSON after all.
pub(super) fn answer(body: &Body) -> Option<Value> {
    match body {
        Body::TooLong(bytes) => Some(omitted(*bytes)),
        Body::Whole(bytes) => serde_json::from_slice(bytes).ok().map(without_secrets),
    }
}

fn without_secrets(mut value: Value) -> Value {
    clean(&mut value);
    value
}

/// Bodies are no deeper than the parser lets them be. PostgreSQL has no NUL in its texts: one such call must not keep others out
/// of the log.
fn clean(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.contains('\0'));
            for (name, value) in fields {
                if is_secret_name(name) && !value.is_null() && !value.is_boolean() {
                    *value = REMOVED.into();
                } else {
                    clean(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(clean),
        Value::String(text) if is_secret_text(text) || text.contains('\0') => {
            *value = REMOVED.into();
        }
        _ => {}
    }
}

fn is_secret_name(name: &str) -> bool {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    let name: Cow<'_, str> = letters.flat_map(char::to_lowercase).collect();
    NAMES.iter().any(|secret| name.contains(secret))
}

fn is_secret_text(text: &str) -> bool {
    MARKS.iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;
    use serde_json::json;
    use tenant_schema::identity::User;
    use tenant_schema::settings::{Audited, Setting};

    use super::*;

    #[test]
    fn secrets_are_removed_by_name_and_by_what_they_look_like() {
        let body = json!({
            "username": "alice", "password": "a", "newPassword": "b", "API-Key": "c", "refresh_token": null,
            "has_secret": true, "token_type": "Bearer", "list": [{ "client_secret": { "deep": 1 } }, "rh_live_x", "tea"],
            "at": "/api/v1/tenants/acme/tools/attachments/links/x", "jwt": "eyJhbGciOi",
        });
        let clean = json!({
            "username": "alice", "password": "removed", "newPassword": "removed", "API-Key": "removed", "refresh_token": null,
            "has_secret": true, "token_type": "removed", "list": [{ "client_secret": "removed" }, "removed", "tea"],
            "at": "removed", "jwt": "removed",
        });
        assert_eq!(request("/users", body), clean);
        let setting = json!({ "key": "custom.a", "value": "x" });
        let clean = json!({ "key": "custom.a", "value": "removed" });
        assert_eq!(request("/api/v1/settings", setting), clean);
    }

    #[test]
    fn what_the_audit_log_takes_for_a_secret_is_one_here() {
        for name in User::SECRETS.iter().chain(Setting::SECRETS) {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn nothing_is_kept_that_the_database_has_no_place_for() {
        let body = json!({ "a\0": 1, "b": ["x\0", "y"] });
        assert_eq!(request("/users", body), json!({ "b": ["removed", "y"] }));
    }

    #[test]
    fn a_long_answer_is_known_by_its_length() {
        let length = json!({ "omitted_bytes": 20_000 });
        assert_eq!(answer(&Body::TooLong(20_000)), Some(length));
        let page = Body::Whole(Bytes::from_static(b"<html>"));
        assert_eq!(answer(&page), None);
    }
}
