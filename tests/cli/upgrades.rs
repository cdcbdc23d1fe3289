//! `provision upgrade` and `provision repair`: a tenant's schema to the models.

use serde_json::Value;

use super::plans::{DAMAGE, sql_in, with_two_tenants};
use super::shell::Shell;

/// The plan of acme in a file of the shell's folder, and its text.
fn save_plan(shell: &Shell) -> (&'static str, String) {
    let outcome = shell.run(&["plan", "acme", "--output", "json"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(3), ""));
    std::fs::write(shell.folder().join("plan.json"), &outcome.stdout).unwrap();
    ("plan.json", outcome.stdout)
}

#[tokio::test]
async fn a_saved_plan_is_applied_once() {
    let (shell, schema) = with_two_tenants().await;
    sql_in(
        &shell,
        &schema,
        "DROP TABLE api_keys; ALTER TABLE teams DROP description",
    )
    .await;
    let (file, _) = save_plan(&shell);
    let upgraded = shell.run(&["upgrade", "acme", "--plan", file, "--output", "json"]);
    assert_eq!(upgraded.code, Some(0), "{}", upgraded.stderr);
    let outcome: Value = serde_json::from_str(&upgraded.stdout).unwrap();
    let steps = outcome["steps"].as_u64().unwrap();
    assert!(steps >= 3, "{outcome}");
    let first = upgraded.stderr.lines().next().unwrap();
    assert!(
        first.starts_with(&format!("1/{steps} create table api_keys: ")),
        "{first}"
    );
    assert_eq!(shell.print(&["verify", "acme"]), "");

    let stale = shell.run(&["upgrade", "acme", "--plan", file]);
    let message = format!(
        "error: the schema `{schema}` is not in the state that the plan starts from: the plan has been applied, or somebody else has changed the schema (hint: make a new plan)"
    );
    stale.assert_refused(1, &message);
}

#[tokio::test]
async fn a_file_that_holds_no_plan_is_refused() {
    let (shell, _) = with_two_tenants().await;
    let missing = shell.run(&["upgrade", "acme", "--plan", "nowhere.json"]);
    let message =
        "error: failed to read the plan `nowhere.json`: No such file or directory (os error 2)";
    missing.assert_refused(1, message);
    std::fs::write(shell.folder().join("odd.json"), "{\"from\": 1}").unwrap();
    let odd = shell.run(&["upgrade", "acme", "--plan", "odd.json"]);
    assert_eq!((odd.code, odd.stdout.as_str()), (Some(1), ""));
    let hint =
        "error: `odd.json` is no plan (hint: make one by `provision plan TENANT --output json`): ";
    assert!(odd.stderr.starts_with(hint), "{}", odd.stderr);
    let both = shell.run(&["upgrade", "acme", "--plan", "odd.json", "--rename", "a=b"]);
    assert_eq!(both.code, Some(2));
}

#[tokio::test]
async fn what_deletes_data_is_done_when_it_is_allowed() {
    let (shell, schema) = with_two_tenants().await;
    sql_in(&shell, &schema, DAMAGE).await;
    let refused = shell.run(&["upgrade", "acme"]);
    insta::assert_snapshot!(refused.stderr.trim_end(), @"error: the plan holds what somebody has to allow: drop column users.nick (deletes-data); drop table leftovers (deletes-data) (hint: `--allow deletes-data`)");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    let client = shell.database().client().await;
    let count = format!("SELECT count(*) FROM {schema}.leftovers");
    let left: i64 = client.query_one(&count, &[]).await.unwrap().get(0);
    assert_eq!(left, 1_234);

    let done = shell.run(&["upgrade", "acme", "--allow", "deletes-data"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(shell.run(&["verify", "acme"]).code, Some(0));
    assert!(client.query_one(&count, &[]).await.is_err());
}

#[tokio::test]
async fn an_upgrade_with_nothing_to_do_is_no_run() {
    let (shell, _) = with_two_tenants().await;
    let upgraded = shell.json(&["upgrade", "acme"]);
    assert_eq!(
        (&upgraded["run"], &upgraded["steps"]),
        (&Value::Null, &0.into())
    );
}

#[tokio::test]
async fn a_repair_makes_a_lost_table_again() {
    let (shell, schema) = with_two_tenants().await;
    sql_in(&shell, &schema, "DROP TABLE settings CASCADE").await;
    let repaired = shell.run(&["repair", "acme"]);
    assert_eq!(repaired.code, Some(0), "{}", repaired.stderr);
    assert_eq!(shell.print(&["verify", "acme"]), "");
    let client = shell.database().client().await;
    let seeds = format!("SELECT count(*) FROM {schema}.settings");
    assert!(
        client
            .query_one(&seeds, &[])
            .await
            .unwrap()
            .get::<_, i64>(0)
            > 0
    );
}

#[tokio::test]
async fn a_lock_that_somebody_keeps_is_named_with_its_holder() {
    let (shell, schema) = with_two_tenants().await;
    sql_in(&shell, &schema, "ALTER TABLE teams DROP description").await;
    let holder = shell.database().client().await;
    let lock = format!("BEGIN; LOCK {schema}.teams IN ACCESS SHARE MODE");
    holder.batch_execute(&lock).await.unwrap();
    let pid = holder
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap();
    let pid: i32 = pid.get(0);

    let begun = std::time::Instant::now();
    let refused = shell.run(&["upgrade", "acme", "--lock-wait", "1"]);
    assert!(begun.elapsed() < std::time::Duration::from_secs(10));
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    let said = refused.stderr.lines().last().unwrap();
    let begins = "error: the step `add column teams.description` got no lock in ";
    assert!(said.starts_with(begins), "{said}");
    let holds = format!(": process {pid} (idle in transaction, for ");
    assert!(
        said.contains(&holds) && said.contains(" holds `teams` (hint: "),
        "{said}"
    );

    holder.batch_execute("ROLLBACK").await.unwrap();
    let done = shell.run(&["upgrade", "acme", "--lock-wait", "1"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}
