//! `provision diff`: one schema of the database into another, whoever made them.

use std::process::Command;

use serde_json::Value;

use super::shell::{Outcome, Shell};
use super::thirty_tables::{RENAMES, after, before};

/// A platform, and beside its schemas the schemas `depot` and `wished`, made by SQL.
async fn with_schemas(depot: &str, wished: &str) -> Shell {
    let shell = Shell::open().await;
    let client = shell.database().client().await;
    for (schema, sql) in [("depot", depot), ("wished", wished)] {
        let sql = format!("CREATE SCHEMA {schema}; SET search_path = {schema}; {sql}");
        client.batch_execute(&sql).await.unwrap();
    }
    shell
}

fn diff(shell: &Shell, arguments: &[&str]) -> Outcome {
    let schemas = ["diff", "--from", "depot", "--to", "wished"];
    shell.run(&[&schemas, arguments].concat())
}

fn renames() -> Vec<&'static str> {
    RENAMES
        .iter()
        .flat_map(|rename| ["--rename", rename])
        .collect()
}

/// Asserts that the schemas are equal, as every form of the command says.
fn assert_equal(shell: &Shell) {
    let both = diff(shell, &[]);
    assert_eq!(
        (both.code, both.stdout.as_str(), both.stderr.as_str()),
        (Some(0), "", "")
    );
    let script = diff(shell, &["--output", "sql"]);
    assert_eq!((script.code, script.stdout.as_str()), (Some(0), ""));
    let back = shell.run(&["diff", "--from", "wished", "--to", "depot"]);
    assert_eq!((back.code, back.stdout.as_str()), (Some(0), ""));
}

/// Runs a script with psql, which stops at the first error.
fn psql(shell: &Shell, script: &str) {
    std::fs::write(shell.folder().join("script.sql"), script).unwrap();
    let mut command = Command::new(shell.database().program("psql"));
    command
        .args([
            shell.database().url(),
            "-qX",
            "-v",
            "ON_ERROR_STOP=1",
            "-f",
            "script.sql",
        ])
        .current_dir(shell.folder());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}\n{script}");
}

#[tokio::test]
async fn thirty_tables_become_thirty_others() {
    let shell = with_schemas(&before(), &after()).await;
    let renames = renames();
    let shown = diff(&shell, &renames);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(3), ""));
    assert!(
        shown.stdout.starts_with("schema depot into wished: "),
        "{}",
        shown.stdout
    );
    assert!(
        !shown.stdout.contains("cannot be changed"),
        "{}",
        shown.stdout
    );
    let refused = diff(&shell, &[&renames[..], &["--apply"]].concat());
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(
        refused.stderr.contains("deletes-data"),
        "{}",
        refused.stderr
    );

    let arguments = [&renames[..], &["--apply", "--allow", "all"]].concat();
    let applied = diff(&shell, &arguments);
    assert_eq!(
        (applied.code, applied.stdout.as_str()),
        (Some(0), ""),
        "{}",
        applied.stderr
    );
    assert!(
        applied
            .stderr
            .lines()
            .last()
            .unwrap()
            .starts_with("depot: ")
    );
    assert_equal(&shell);
    let client = shell.database().client().await;
    let kept =
        "SELECT (SELECT count(title) FROM depot.plain_4) + (SELECT count(*) FROM depot.new_name)
                     + (SELECT \"Is Here\" FROM depot.\"Odd Name\")";
    assert_eq!(
        client.query_one(kept, &[]).await.unwrap().get::<_, i64>(0),
        20 + 2 + 7
    );
    let again = diff(&shell, &arguments);
    assert_eq!(
        (again.code, again.stdout.as_str(), again.stderr.as_str()),
        (Some(0), "", "")
    );
}

#[tokio::test]
async fn the_script_does_in_psql_what_applying_does() {
    for online in ["never", "always"] {
        let shell = with_schemas(&before(), &after()).await;
        let arguments = [&renames()[..], &["--online", online, "--output", "sql"]].concat();
        let script = diff(&shell, &arguments);
        assert_eq!((script.code, script.stderr.as_str()), (Some(3), ""));
        let is_online = script.stdout.contains("CONCURRENTLY");
        assert_eq!(is_online, online == "always");
        psql(&shell, &script.stdout);
        assert_equal(&shell);
    }
}

#[tokio::test]
async fn thirty_tables_come_from_nothing_and_go() {
    let shell = with_schemas("", &before()).await;
    let applied = diff(&shell, &["--apply"]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    assert_equal(&shell);
    let client = shell.database().client().await;
    client.batch_execute("CREATE SCHEMA nothing").await.unwrap();
    let cleared = shell.run(&[
        "diff", "--from", "depot", "--to", "nothing", "--apply", "--allow", "all",
    ]);
    assert_eq!(cleared.code, Some(0), "{}", cleared.stderr);
    let left = "SELECT count(*) FROM pg_class WHERE relnamespace = 'depot'::regnamespace";
    assert_eq!(
        client.query_one(left, &[]).await.unwrap().get::<_, i64>(0),
        0
    );
}

#[tokio::test]
async fn the_plan_is_printed_for_programs() {
    let shell = with_schemas("CREATE TABLE t (a integer)", "CREATE TABLE t (a bigint)").await;
    let outcome = diff(&shell, &["--output", "json"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(3), ""));
    let plan: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let step = &plan["transactions"][0]["steps"][0];
    assert_eq!(
        step["sql"],
        r#"ALTER TABLE "t" ALTER COLUMN "a" TYPE bigint"#
    );
    assert_eq!(step["lock"], "access-exclusive");
}

#[tokio::test]
async fn a_rename_keeps_what_would_else_be_dropped() {
    let shell = with_schemas(
        "CREATE TABLE people (name text); INSERT INTO people VALUES ('Ada')",
        "CREATE TABLE users (username text)",
    )
    .await;
    let without = diff(&shell, &[]).stdout;
    assert!(without.contains("needs --allow deletes-data"), "{without}");
    let arguments = [
        "--rename",
        "people=users",
        "--rename",
        "users.name=username",
        "--apply",
    ];
    let applied = diff(&shell, &arguments);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    assert_equal(&shell);
    let client = shell.database().client().await;
    let row = client
        .query_one("SELECT username FROM depot.users", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, String>(0), "Ada");
}

#[tokio::test]
async fn rows_in_the_way_are_counted_and_one_is_shown() {
    let shell = with_schemas(
        "CREATE TABLE t (a integer); INSERT INTO t VALUES (5), (5), (6)",
        "CREATE TABLE t (a integer CONSTRAINT once UNIQUE)",
    )
    .await;
    let refused = diff(&shell, &["--apply"]);
    insta::assert_snapshot!(refused.stderr.trim_end(), @"error: the plan cannot be applied: unique constraint once of t: rows share the same values (2 rows, such as 5; hint: make them differ or remove all but one first)");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    let shown = diff(&shell, &[]);
    assert_eq!(shown.code, Some(3));
    assert!(
        shown.stdout.contains("\ncannot be changed\n"),
        "{}",
        shown.stdout
    );
}

#[tokio::test]
async fn schemas_that_are_not_there_or_not_to_be_touched_are_refused() {
    let shell = with_schemas("CREATE TABLE t ()", "").await;
    let hint = "(hint: `\\dn` in psql names them; take the name without quotes)";
    for unknown in [
        "nowhere",
        "\"depot\"",
        "Depot",
        "",
        "depot; DROP SCHEMA depot",
        "de\u{301}pot",
    ] {
        let message = format!("error: no schema is called `{unknown}` {hint}");
        for (from, to) in [(unknown, "wished"), ("depot", unknown)] {
            shell
                .run(&["diff", "--from", from, "--to", to])
                .assert_refused(1, &message);
        }
    }
    for system in ["pg_catalog", "pg_toast", "information_schema"] {
        let message = format!(
            "error: the schema `{system}` is PostgreSQL's own, which the engine does not look at"
        );
        shell
            .run(&["diff", "--from", system, "--to", "depot"])
            .assert_refused(1, &message);
    }
    let message = "error: the schema `shared` is the platform's own, which its migrations alone change (hint: `provision init` runs them)";
    let own = ["diff", "--from", "shared", "--to", "depot"];
    shell
        .run(&[&own[..], &["--apply", "--allow", "all"]].concat())
        .assert_refused(1, message);
    assert_eq!(shell.run(&own).code, Some(3));
}

#[tokio::test]
async fn a_schema_is_equal_to_itself_and_may_have_an_odd_name() {
    let shell = with_schemas("CREATE TABLE t (a integer)", "").await;
    let same = shell.run(&["diff", "--from", "depot", "--to", "depot", "--apply"]);
    assert_eq!(
        (same.code, same.stdout.as_str(), same.stderr.as_str()),
        (Some(0), "", "")
    );
    let client = shell.database().client().await;
    let odd = "it's \"odd\" $1";
    let quoted = "\"it's \"\"odd\"\" $1\"";
    client
        .batch_execute(&format!("CREATE SCHEMA {quoted}"))
        .await
        .unwrap();
    let script = shell.run(&["diff", "--from", odd, "--to", "depot", "--output", "sql"]);
    assert_eq!(script.code, Some(3));
    psql(&shell, &script.stdout);
    let equal = shell.run(&["diff", "--from", odd, "--to", "depot"]);
    assert_eq!((equal.code, equal.stdout.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn what_the_login_role_may_not_change_is_said_as_the_server_says_it() {
    let shell = with_schemas(
        "CREATE TABLE t (a integer)",
        "CREATE TABLE t (a integer, b integer)",
    )
    .await;
    let client = shell.database().client().await;
    let role = format!("weak_{}", uuid::Uuid::now_v7().simple());
    let rights = format!(
        "CREATE ROLE {role} LOGIN; GRANT {role} TO CURRENT_USER; GRANT USAGE ON SCHEMA depot, wished, shared TO {role};
         GRANT CREATE ON SCHEMA shared TO {role};
         GRANT ALL ON ALL TABLES IN SCHEMA shared TO {role};
         DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {role}', current_database()); END $$"
    );
    client.batch_execute(&rights).await.unwrap();
    let reading = format!("GRANT EXECUTE ON FUNCTION pg_catalog.set_config TO {role}");
    shell.database().run_as_superuser(&reading).await;
    let url = shell.database().url();
    let (_, server) = url.rsplit_once('@').unwrap();
    let as_weak = |arguments: &[&str]| {
        let arguments = [
            &[
                "diff",
                "--isolation",
                "path",
                "--from",
                "depot",
                "--to",
                "wished",
            ],
            arguments,
        ]
        .concat();
        let mut command = shell.provision(&arguments);
        Outcome::of(command.env("DATABASE_URL", format!("postgres://{role}@{server}")))
    };
    let (shown, refused) = (as_weak(&[]), as_weak(&["--apply"]));
    let gone = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    shell.database().run_as_superuser(&gone).await;
    assert_eq!(shown.code, Some(3), "{}", shown.stderr);
    let message = "error: the step `add column t.b` failed: must be owner of table t";
    refused.assert_refused(1, message);
}
