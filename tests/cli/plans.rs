//! `provision plan`, `provision verify` and `provision tenant show --tables`: what is said of a tenant's schema.

use serde_json::{Value, json};

use super::shell::Shell;

/// What somebody did to a tenant by hand: something lost, something added, something changed.
pub(crate) const DAMAGE: &str = "ALTER TABLE users ADD nick text;
     ALTER TABLE teams DROP CONSTRAINT teams_name_check;
     DROP INDEX team_members_user_id_idx;
     CREATE TABLE leftovers (id integer); INSERT INTO leftovers SELECT generate_series(1, 1234);
     CREATE VIEW hats AS SELECT id FROM roles";

/// A platform with the tenants acme and globex: the shell, and the schema of acme.
pub(crate) async fn with_two_tenants() -> (Shell, String) {
    let shell = Shell::open().await;
    let acme = shell.json(&["tenant", "create", "--slug", "acme"]);
    shell.print(&["tenant", "create", "--slug", "globex"]);
    let schema = acme.pointer("/schema").and_then(Value::as_str);
    let schema = schema.unwrap().to_owned();
    (shell, schema)
}

/// Runs SQL in a schema.
pub(crate) async fn sql_in(shell: &Shell, schema: &str, sql: &str) {
    let client = shell.database().client().await;
    let sql = format!("SET search_path = {schema}; {sql}");
    client.batch_execute(&sql).await.unwrap();
}

#[tokio::test]
async fn of_a_tenant_as_it_was_made_there_is_nothing_to_say() {
    let (shell, _) = with_two_tenants().await;
    assert_eq!(shell.print(&["plan", "acme"]), "");
    assert_eq!(shell.print(&["plan", "acme", "--output", "sql"]), "");
    assert_eq!(shell.json(&["plan", "acme"])["transactions"], json!([]));
    assert_eq!(shell.print(&["verify", "acme"]), "");
    assert_eq!(shell.json(&["verify", "acme"])["is_current"], true);
}

#[tokio::test]
async fn the_plan_of_a_changed_tenant_is_aligned_and_without_colours() {
    let (shell, schema) = with_two_tenants().await;
    sql_in(&shell, &schema, DAMAGE).await;
    let outcome = shell.run(&["plan", "acme"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(3), ""));
    assert!(!outcome.stdout.contains('\u{1b}'), "{}", outcome.stdout);
    insta::assert_snapshot!(outcome.stdout);
    assert_eq!(shell.print(&["plan", "globex"]), "");
}

#[tokio::test]
async fn the_comments_of_a_new_table_are_counted() {
    let (shell, schema) = with_two_tenants().await;
    sql_in(&shell, &schema, "DROP TABLE team_members").await;
    let outcome = shell.run(&["plan", "acme"]);
    let comments = outcome
        .stdout
        .lines()
        .filter(|line| line.contains("omment"));
    assert_eq!(comments.count(), 1, "{}", outcome.stdout);
    let script = shell.run(&["plan", "acme", "--output", "sql"]).stdout;
    assert!(script.matches("\nCOMMENT ON ").count() >= 3, "{script}");
}

#[tokio::test]
async fn what_is_allowed_is_not_asked_for() {
    let (shell, schema) = with_two_tenants().await;
    sql_in(&shell, &schema, DAMAGE).await;
    let asked = |arguments: &[&str]| {
        let plan = shell.run(&[&["plan", "acme"], arguments].concat()).stdout;
        plan.matches("needs --allow deletes-data").count()
    };
    assert_eq!(asked(&[]), 2);
    assert_eq!(asked(&["--allow", "index-build"]), 2);
    assert_eq!(asked(&["--allow", "index-build,deletes-data"]), 0);
    assert_eq!(asked(&["--allow", "all"]), 0);
}

#[tokio::test]
async fn verifying_lists_what_differs_and_ends_with_three() {
    let (shell, schema) = with_two_tenants().await;
    sql_in(&shell, &schema, DAMAGE).await;
    let outcome = shell.run(&["verify", "acme"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(3), ""));
    insta::assert_snapshot!(outcome.stdout, @"
    ┌─────────────────────────────────────────────┬───────────────────────────────┐
    │ object                                      ┆ finding                       │
    ╞═════════════════════════════════════════════╪═══════════════════════════════╡
    │ table leftovers                             ┆ should not be there           │
    │ index team_members.team_members_user_id_idx ┆ is missing                    │
    │ check teams.teams_name_check                ┆ is missing                    │
    │ column users.nick                           ┆ should not be there           │
    │ view hats                                   ┆ is not managed and left alone │
    └─────────────────────────────────────────────┴───────────────────────────────┘
    ");
    let outcome = shell.run(&["verify", "acme", "--output", "json"]);
    let verification: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(outcome.code, Some(3));
    assert_eq!(verification["has_drifted"], true);
    assert_eq!(shell.print(&["verify", "globex"]), "");
}

#[tokio::test]
async fn the_tables_of_a_tenant_are_shown_with_their_rows() {
    let (shell, schema) = with_two_tenants().await;
    sql_in(&shell, &schema, DAMAGE).await;
    let tables = shell.json(&["tenant", "show", "acme", "--tables"]);
    let rows = |name: &str| {
        let tables = tables.as_array().unwrap().iter();
        let mut found = tables.filter(|table| table["table"] == name);
        found.next().map(|table| table["rows"].clone())
    };
    assert_eq!(rows("leftovers"), Some(json!(1_234)));
    assert_eq!(rows("users"), Some(json!(1)));
    assert_eq!(rows("hats"), None);
    let shown = shell.print(&["tenant", "show", "acme", "--tables"]);
    assert!(
        shown.contains("leftovers") && shown.contains("1234"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_tenant_that_nobody_has_is_refused_by_every_command() {
    let (shell, _) = with_two_tenants().await;
    let message = "error: no tenant is called `initech` (hint: `provision tenant list` names them)";
    for command in ["plan", "verify", "upgrade", "repair"] {
        shell.run(&[command, "initech"]).assert_refused(1, message);
    }
}

#[tokio::test]
async fn what_is_no_hazard_and_what_is_no_rename_is_wrong_usage() {
    let (shell, _) = with_two_tenants().await;
    let refused = shell.run(&["plan", "acme", "--allow", "deletes-data,nonsense"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(refused.stderr.trim_end(), @"
    error: invalid value 'nonsense' for '--allow <HAZARD,…>': `nonsense` is no hazard (hint: one of `deletes-data`, `access-exclusive`, `table-rewrite`, `share-row-exclusive`, `share`, `index-build`, `index-dropped`, `impacts-performance`, `may-fail-on-data`, `non-transactional`, `breaks-clients`, `constraint-dropped`, `untrackable-dependency`, `correctness`, or `all`)

    For more information, try '--help'.
    ");
    for rename in ["users", "users=", "=people", ".a=b"] {
        let refused = shell.run(&["plan", "acme", "--rename", rename]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
        let reason = format!(
            "`{rename}` is no rename (hint: `old_table=new_table`, or `table.old_column=new_column`)"
        );
        assert!(refused.stderr.contains(&reason), "{}", refused.stderr);
    }
}

#[tokio::test]
async fn a_rename_that_names_nothing_is_refused() {
    let (shell, _) = with_two_tenants().await;
    for (rename, fault) in [
        ("people=persons", "no table is to be called `persons`"),
        ("teams.title=label", "`teams` is to have no column `label`"),
        ("clubs.title=name", "no table is to be called `clubs`"),
    ] {
        let message = format!("error: the rename `{rename}` cannot be meant: {fault}");
        let refused = shell.run(&["plan", "acme", "--rename", rename]);
        refused.assert_refused(1, &message);
    }
}

#[tokio::test]
async fn what_has_no_sql_is_refused_before_anything_is_done() {
    let (shell, schema) = with_two_tenants().await;
    sql_in(&shell, &schema, "DROP TABLE api_keys").await;
    let message =
        "error: this command has no SQL to print (hint: `--output table` or `--output json`)";
    for arguments in [
        &["upgrade", "acme"][..],
        &["repair", "acme"],
        &["verify", "acme"],
        &["tenant", "create", "--slug", "initech"],
        &["diff", "--from", "public", "--to", "public", "--apply"],
    ] {
        let arguments = [arguments, &["--output", "sql"]].concat();
        shell.run(&arguments).assert_refused(1, message);
    }
    assert_eq!(shell.run(&["verify", "acme"]).code, Some(3));
    assert_eq!(shell.json(&["tenant", "list"]).as_array().unwrap().len(), 2);
}
