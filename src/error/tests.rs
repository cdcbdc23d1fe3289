//! Tests of the error type and its table.

use std::collections::HashSet;

use actix_web::{ResponseError, http::header};
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

use crate::provisioner::ProvisionError;
use crate::provisioner::apply::contention::{Contention, LockHolder};

use super::{ApiError, Code, OnConstraint, Problem};

struct Violation(&'static str);

impl DatabaseErrorInformation for Violation {
    fn message(&self) -> &'static str {
        "duplicate key value violates unique constraint"
    }
    fn details(&self) -> Option<&str> {
        None
    }
    fn hint(&self) -> Option<&str> {
        None
    }
    fn table_name(&self) -> Option<&str> {
        Some("users")
    }
    fn column_name(&self) -> Option<&str> {
        None
    }
    fn constraint_name(&self) -> Option<&str> {
        Some(self.0)
    }
    fn statement_position(&self) -> Option<i32> {
        None
    }
}

fn violated(kind: DatabaseErrorKind, constraint: &'static str) -> DieselError {
    DieselError::DatabaseError(kind, Box::new(Violation(constraint)))
}

fn header_of(error: &ApiError, name: header::HeaderName) -> Option<String> {
    let response = error.error_response();
    let value = response.headers().get(name)?;
    Some(value.to_str().ok()?.to_owned())
}

#[test]
fn codes_are_unique_and_documented() {
    let documentation = include_str!("../../docs/API.md");
    let mut seen = HashSet::new();
    for code in Code::ALL {
        assert!(seen.insert(code.as_str()), "{code:?} is listed twice");
        let row = format!(
            "| {} | `{}` | {} |",
            code.status().as_u16(),
            code.as_str(),
            code.title()
        );
        assert!(documentation.contains(&row), "docs/API.md lacks: {row}");
    }
}

#[test]
fn codes_rise_by_status() {
    assert!(Code::ALL.is_sorted_by_key(|code| code.status().as_u16()));
}

#[test]
fn internal_text_never_reaches_the_client() {
    let secret = r#"relation "tenant_0abc.users" does not exist: SELECT * FROM users at /srv/x.rs"#;
    for code in Code::ALL {
        let mut error = ApiError::new(*code).because(secret);
        if code.status().is_server_error() {
            error = error.detail(secret);
        }
        let document = serde_json::to_string(&Problem::new(&error, "/api/v1/users", "r1")).unwrap();
        let document = format!("{document} {error}").to_lowercase();
        for word in [
            "select",
            "relation",
            "tenant_0abc",
            "constraint",
            "schema",
            ".rs",
            "sql",
        ] {
            assert!(!document.contains(word), "`{word}` in {document}");
        }
    }
}

#[test]
fn a_challenge_names_an_error_only_if_a_token_came() {
    let challenge = |code| header_of(&ApiError::new(code), header::WWW_AUTHENTICATE);
    for code in Code::ALL {
        assert_eq!(
            challenge(*code).is_some(),
            code.status().as_u16() == 401 || *code == Code::PermissionDenied,
            "{code:?}"
        );
    }
    assert_eq!(challenge(Code::NotAuthenticated).unwrap(), "Bearer");
    assert_eq!(
        challenge(Code::TenantMismatch).unwrap(),
        r#"Bearer error="invalid_token""#
    );
}

#[test]
fn every_429_and_503_says_when_to_come_back() {
    for code in Code::ALL {
        let delay = header_of(&ApiError::new(*code), header::RETRY_AFTER);
        assert_eq!(
            delay.is_some(),
            matches!(code.status().as_u16(), 429 | 503),
            "{code:?}"
        );
    }
}

#[test]
fn a_delay_is_rounded_up_to_whole_seconds() {
    let error = |millis| {
        ApiError::new(Code::RateLimited).retry_after(std::time::Duration::from_millis(millis))
    };
    assert_eq!(header_of(&error(0), header::RETRY_AFTER).unwrap(), "1");
    assert_eq!(header_of(&error(2_001), header::RETRY_AFTER).unwrap(), "3");
}

#[test]
fn a_violated_constraint_blames_its_field() {
    let outcome: Result<(), _> = Err(violated(
        DatabaseErrorKind::UniqueViolation,
        "users_email_key",
    ));
    let error = outcome
        .on_constraint("users_name_key", "name", "is already taken")
        .on_constraint("users_email_key", "email", "is already taken")
        .unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert_eq!(error.field_errors()["email"], ["is already taken"]);
    assert_eq!(error.field_errors().len(), 1);
}

#[test]
fn a_violated_check_is_a_fault_of_the_input() {
    let outcome: Result<(), _> = Err(violated(
        DatabaseErrorKind::CheckViolation,
        "users_name_check",
    ));
    let error = outcome
        .on_constraint("users_name_check", "name", "must not be empty")
        .unwrap_err();
    assert_eq!(error.code(), Code::ValidationFailed);
}

#[test]
fn a_constraint_nobody_named_is_ours_to_fix() {
    let error = ApiError::from(violated(
        DatabaseErrorKind::UniqueViolation,
        "users_email_key",
    ));
    assert_eq!(error.code(), Code::Internal);
}

#[test]
fn a_missing_row_is_not_found_and_a_lost_connection_unavailable() {
    assert_eq!(ApiError::from(DieselError::NotFound).code(), Code::NotFound);
    let lost = violated(DatabaseErrorKind::ClosedConnection, "");
    assert_eq!(ApiError::from(lost).code(), Code::Unavailable);
}

#[test]
fn who_changes_a_schema_at_the_wrong_moment_is_told_what_to_do() {
    let busy = ApiError::from(ProvisionError::Busy("tenant_0abc".to_owned()));
    assert_eq!(busy.code(), Code::TenantUpgrading);
    let stale = ApiError::from(ProvisionError::StalePlan("tenant_0abc".to_owned()));
    assert_eq!(stale.code(), Code::Conflict);
    assert!(stale.public_detail().contains("(hint: repeat the request)"));
    let locked = ProvisionError::Locked(Box::new(Contention {
        step: "add column users.hat".to_owned(),
        waited: std::time::Duration::from_mins(1),
        holders: vec![LockHolder {
            pid: 4711,
            table: Some("users".to_owned()),
            application: "psql".to_owned(),
            state: "idle in transaction".to_owned(),
            seconds: 90,
        }],
    }));
    let locked = ApiError::from(locked);
    assert_eq!(locked.code(), Code::Conflict);
    for word in ["process 4711", "`users`", "hint: repeat it"] {
        assert!(locked.public_detail().contains(word), "{word}");
    }
}
