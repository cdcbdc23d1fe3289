//! `provision init` and `provision admin`.

use test_app::PASSWORD;

use super::shell::{Outcome, Shell};

#[tokio::test]
async fn init_creates_the_first_system_admin_and_shows_the_generated_password() {
    let shell = Shell::open().await;
    let admin = shell.json(&["init", "--email", "Root@Platform.example"]);
    assert_eq!(admin["email"], "root@platform.example");
    assert_eq!(admin["role"], "super_admin");
    assert!(admin["password"].as_str().unwrap().len() >= 16);
}

#[tokio::test]
async fn a_second_init_says_so_and_changes_nothing() {
    let shell = Shell::open().await;
    let first = shell.json(&["init", "--email", "root@platform.example"]);
    let outcome = shell.run(&["init", "--email", "other@platform.example"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), ""));
    insta::assert_snapshot!(outcome.stderr.trim_end(), @"the platform is migrated and has a system admin already; nothing was changed (hint: `provision admin create` makes another)");
    let admins = shell.json(&["admin", "list"]);
    assert_eq!(admins.as_array().unwrap().len(), 1);
    assert_eq!(admins[0]["id"], first["id"]);
}

#[tokio::test]
async fn init_migrates_an_empty_database() {
    let (shell, empty) = tokio::join!(Shell::open(), test_app::TestDatabase::empty());
    let mut command = shell.provision(&["init", "--email", "root@platform.example"]);
    let outcome = Outcome::of(command.env("DATABASE_URL", empty.url()));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert!(outcome.stdout.contains("super_admin"), "{}", outcome.stdout);
}

#[tokio::test]
async fn a_password_from_standard_input_is_not_shown() {
    let shell = Shell::open().await;
    let arguments = [
        "admin",
        "create",
        "--email",
        "ops@platform.example",
        "--role",
        "operator",
        "--password-stdin",
    ];
    let outcome = Outcome::of(shell.provision(&arguments).write_stdin(PASSWORD));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert!(!outcome.stdout.contains(PASSWORD), "{}", outcome.stdout);
    let admins = shell.json(&["admin", "list"]);
    assert_eq!(admins[0]["role"], "operator");
    assert_eq!(admins[0]["last_login_at"], serde_json::Value::Null);
}

#[tokio::test]
async fn an_address_that_is_taken_in_any_spelling_is_refused() {
    let shell = Shell::open().await;
    shell.print(&["admin", "create", "--email", "ops@platform.example"]);
    shell
        .run(&["admin", "create", "--email", "OPS@platform.example"])
        .assert_refused(1, "error: a system user with the e-mail address `ops@platform.example` exists already (hint: `provision admin list`)");
}

#[tokio::test]
async fn what_is_no_address_role_or_password_is_refused() {
    let shell = Shell::open().await;
    shell
        .run(&["admin", "create", "--email", "nobody"])
        .assert_refused(1, "error: must be an e-mail address of at most 254 ASCII characters, like `ada@example.com`");
    let outcome = shell.run(&[
        "admin",
        "create",
        "--email",
        "a@b.example",
        "--role",
        "king",
    ]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("--role"), "{}", outcome.stderr);
    let arguments = [
        "admin",
        "create",
        "--email",
        "a@b.example",
        "--password-stdin",
    ];
    let outcome = Outcome::of(shell.provision(&arguments).write_stdin("short\n"));
    outcome.assert_refused(
        1,
        "error: a password has at least 8 characters; hint: use a sentence",
    );
    assert_eq!(shell.json(&["admin", "list"]), serde_json::json!([]));
}

#[tokio::test]
async fn signing_keys_are_rotated_and_nothing_private_is_shown() {
    let shell = Shell::open().await;
    let rotated = shell.json(&["keys", "rotate"]);
    let again = shell.json(&["keys", "rotate", "--at-once"]);
    assert_eq!(again.as_array().unwrap().len(), 1);
    assert_ne!(again[0]["id"], rotated[0]["id"]);
    assert_eq!(shell.json(&["keys", "list"]), again);
    let fields: Vec<_> = again[0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["created_at", "id", "signs_from"]);
}

#[tokio::test]
async fn a_system_user_is_disabled_unless_they_are_the_last_super_admin() {
    let shell = Shell::open().await;
    for email in ["first@platform.example", "second@platform.example"] {
        shell.print(&["admin", "create", "--email", email]);
    }
    let disabled = shell.json(&["admin", "disable", "First@platform.example"]);
    assert_eq!(
        (&disabled["email"], &disabled["is_active"]),
        (&"first@platform.example".into(), &false.into())
    );
    for (email, message) in [
        (
            "second@platform.example",
            "the last active super admin cannot be",
        ),
        ("nobody@platform.example", "no system user has"),
    ] {
        let refused = shell.run(&["admin", "disable", email]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(message), "{refused:?}");
    }
    let admins = shell.json(&["admin", "list"]);
    assert_eq!(admins[1]["is_active"], true);
}
