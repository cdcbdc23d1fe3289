//! Wrong configuration: each mistake is named, with what to do about it, and no secret is shown.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use super::shell::{Outcome, Shell};

/// A password that must never be seen.
const SECRET: &str = "hunter2hunter2";

#[tokio::test]
async fn a_database_that_is_not_there_is_named_without_its_password() {
    let shell = Shell::open().await;
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://someone:{SECRET}@127.0.0.1:{port}/rowhouse");
    let outcome = Outcome::of(shell.provision(&["doctor"]).env("DATABASE_URL", url));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    let address = format!("cannot connect to the database at `127.0.0.1:{port}`");
    assert!(outcome.stderr.contains(&address), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("hint: check `DATABASE_URL`"),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains(SECRET), "{}", outcome.stderr);
}

#[tokio::test]
async fn what_is_no_database_url_is_refused_without_showing_it() {
    let shell = Shell::open().await;
    for url in [
        "garbage".to_owned(),
        "mysql://someone:hunter2hunter2@localhost/rowhouse".to_owned(),
        format!("postgres://someone:{SECRET}@[::1/rowhouse"),
        format!("postgres://someone:{SECRET}@localhost:port/rowhouse"),
        format!("postgres://someone:{SECRET}@localhost/rowhouse?{SECRET}=1"),
        "postgres://".to_owned(),
    ] {
        let outcome = Outcome::of(shell.provision(&["doctor"]).env("DATABASE_URL", &url));
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (Some(1), ""),
            "{url}"
        );
        assert!(
            outcome.stderr.contains("`DATABASE_URL` cannot be used"),
            "{url}: {}",
            outcome.stderr
        );
        assert!(
            !outcome.stderr.contains(SECRET),
            "{url}: {}",
            outcome.stderr
        );
    }
}

#[tokio::test]
async fn a_value_that_is_no_number_names_its_flag() {
    let shell = Shell::open().await;
    let outcome = Outcome::of(shell.provision(&["doctor"]).env("PASSWORD_COST", "many"));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
    assert!(
        outcome.stderr.contains("'many' for '--password-cost"),
        "{}",
        outcome.stderr
    );
}

#[tokio::test]
async fn an_unknown_key_of_the_file_is_named() {
    let shell = Shell::open().await;
    std::fs::write(shell.folder().join("rowhouse.toml"), "pasword_cost = 4\n").unwrap();
    shell.run(&["doctor"]).assert_refused(1, "error: `rowhouse.toml` has the unknown key `pasword_cost` (hint: `rowhouse --help` lists the names, in upper case)");
}

#[tokio::test]
async fn a_file_that_is_no_toml_is_named() {
    let shell = Shell::open().await;
    std::fs::write(shell.folder().join("rowhouse.toml"), "port = = 1\n").unwrap();
    let outcome = shell.run(&["doctor"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    assert!(
        outcome.stderr.contains("Failed to read `rowhouse.toml`"),
        "{}",
        outcome.stderr
    );
}

#[tokio::test]
async fn the_file_is_read() {
    let shell = Shell::open().await;
    std::fs::write(
        shell.folder().join("rowhouse.toml"),
        "environment = \"production\"\n",
    )
    .unwrap();
    let outcome = shell.run(&["tenant", "list"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("`PASSWORD_PEPPER`"),
        "{}",
        outcome.stderr
    );
}

/// Rule 82.
#[tokio::test]
async fn production_refuses_secrets_in_a_file_that_everybody_can_read() {
    let shell = Shell::open().await;
    let pepper = "0123456789abcdef0123456789abcdef";
    for (name, text) in [
        (".env", format!("PASSWORD_PEPPER={pepper}\n")),
        ("rowhouse.toml", format!("password_pepper = \"{pepper}\"\n")),
    ] {
        let file = shell.folder().join(name);
        std::fs::write(&file, text).unwrap();
        for (environment, mode, is_refused) in [
            ("production", 0o644, true),
            ("production", 0o604, true),
            ("production", 0o640, false),
            ("development", 0o644, false),
        ] {
            std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let mut command = shell.provision(&["tenant", "list", "--environment", environment]);
            let outcome = Outcome::of(&mut command);
            if is_refused {
                outcome.assert_refused(1, &format!("error: `{name}` has `PASSWORD_PEPPER` and can be read by everybody, which production refuses (hint: `chmod o= {name}`)"));
            } else {
                assert_eq!(outcome.code, Some(0), "{name} {mode:o}: {outcome:#?}");
            }
        }
        std::fs::remove_file(&file).unwrap();
    }
}

/// Rule 82.
#[tokio::test]
async fn production_refuses_a_default_or_short_pepper() {
    let shell = Shell::open().await;
    let production = |pepper: Option<&str>| {
        let mut command = shell.provision(&["tenant", "list"]);
        command.env("ENVIRONMENT", "production");
        if let Some(pepper) = pepper {
            command.env("PASSWORD_PEPPER", pepper);
        }
        Outcome::of(&mut command)
    };
    let hint = "(hint: set it to at least 32 random characters, for example from `openssl rand -base64 32`)";
    production(None).assert_refused(
        1,
        &format!("error: `PASSWORD_PEPPER` is the default, which production refuses {hint}"),
    );
    production(Some(SECRET)).assert_refused(
        1,
        &format!("error: `PASSWORD_PEPPER` is too short for production {hint}"),
    );
    assert_eq!(production(Some(&SECRET.repeat(3))).code, Some(0));
}
