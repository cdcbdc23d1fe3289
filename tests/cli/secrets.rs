//! Rules 37 and 83: no password and no token that anybody sent or was given stands in the log, nor anywhere in the database.
//!
//! The server is the program as everybody runs it, and logs all that it has to say. What shows a secret on purpose is no part of
//! this: standard output, where the bootstrap token and generated passwords are printed, and mails, whose links are what brings a
//! token to the one whom it is for.

mod walk;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Command;

use serde_json::Value;
use test_app::{Answer, TestDatabase};
use uuid::Uuid;

use walk::Walk;

/// How much of the end of a secret gives it away, in bytes: more than two texts have in common by chance.
const TELLING: usize = 16;

/// Secrets, and what each of them is.
#[derive(Debug, Default)]
pub(crate) struct Secrets(RefCell<BTreeMap<String, String>>);

impl Secrets {
    /// A new password that is unlike any other text.
    pub(crate) fn password(&self, of: &str) -> String {
        let password = format!("canary-{}", Uuid::new_v4().simple());
        self.keep(&format!("password of {of}"), &password);
        password
    }

    /// Remembers a secret.
    pub(crate) fn keep(&self, what: &str, secret: &str) {
        let secrets = &mut self.0.borrow_mut();
        secrets.insert(secret.to_owned(), what.to_owned());
    }

    /// Remembers the secrets that somebody is given.
    pub(crate) fn keep_those_in(&self, answer: &Answer) {
        let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        for name in ["access_token", "refresh_token", "key"] {
            if let Some(secret) = body["data"][name].as_str() {
                self.keep(name, secret);
            }
        }
        let cookie = answer.header("Set-Cookie").and_then(|cookie| {
            let (_, value) = cookie.split(';').next()?.split_once('=')?;
            (!value.is_empty()).then_some(value)
        });
        if let Some(cookie) = cookie {
            self.keep("cookie", cookie);
        }
    }

    /// Those that stand in a text, whole or with their end: as they are, or as PostgreSQL writes bytes.
    fn found_in(&self, text: &str) -> Vec<String> {
        let secrets = self.0.borrow();
        let found = secrets.iter().filter(|(secret, _)| {
            let end = &secret[secret.len().saturating_sub(TELLING)..];
            text.contains(end) || text.contains(&hexadecimal(end))
        });
        found.map(|(_, what)| what.clone()).collect()
    }

    fn count(&self, what: &str) -> usize {
        let secrets = self.0.borrow();
        secrets.values().filter(|kept| kept.contains(what)).count()
    }
}

fn hexadecimal(text: &str) -> String {
    let mut hexadecimal = String::new();
    for byte in text.bytes() {
        write!(hexadecimal, "{byte:02x}").unwrap();
    }
    hexadecimal
}

/// Every row of every table.
fn dump(database: &TestDatabase) -> String {
    let mut command = Command::new(database.program("pg_dump"));
    command.arg("--data-only").arg("--dbname");
    let output = command.arg(database.url()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn no_password_and_no_token_stands_in_the_log_or_in_the_database() {
    let walk = Walk::begin().await;
    walk.take().await;
    let (shell, secrets, log) = walk.end();
    // The walk led past what could give them away.
    for (kind, least) in [
        ("password", 15),
        ("access_token", 8),
        ("refresh_token", 8),
        ("cookie", 2),
        ("key", 3),
        ("mail", 5),
    ] {
        assert!(secrets.count(kind) >= least, "{kind}: {secrets:?}");
    }
    for event in [
        "POST /api/v1/tenants/{slug}/auth/login 401",
        "POST /api/v1/tenants/{slug}/auth/reset-password 204",
        "POST /api/v1/platform/bootstrap 201",
        "a mail was written to",
    ] {
        assert!(log.contains(event), "{event}: {log}");
    }
    let rows = dump(shell.database());
    for table in ["audit_logs", "api_keys", "user_sessions", "mail_outbox"] {
        assert!(rows.contains(&format!(".{table} (")), "{table}");
    }
    let nothing = Vec::<String>::new();
    assert_eq!(secrets.found_in(&log), nothing, "{log}");
    assert_eq!(secrets.found_in(&rows), nothing);

    // And what is somewhere, is found.
    let (text, bytes) = (secrets.password("a text"), secrets.password("bytes"));
    let planted = format!(
        "CREATE TABLE shared.planted AS SELECT '{text}'::text, convert_to('{bytes}', 'UTF8') AS bytes"
    );
    let client = shell.database().client().await;
    client.batch_execute(&planted).await.unwrap();
    let mut found = secrets.found_in(&dump(shell.database()));
    found.sort_unstable();
    assert_eq!(found, ["password of a text", "password of bytes"]);
}
