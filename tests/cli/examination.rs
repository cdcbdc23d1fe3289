//! `provision orphans` and `provision doctor`.

use super::shell::Shell;

#[tokio::test]
async fn on_a_sound_platform_there_are_no_orphans() {
    let shell = Shell::open().await;
    shell.print(&["tenant", "create", "--slug", "acme"]);
    assert_eq!(shell.json(&["orphans"]), serde_json::json!([]));
}

#[tokio::test]
async fn orphans_are_listed_and_the_exit_code_says_that_there_are_some() {
    let shell = Shell::open().await;
    let created = shell.json(&["tenant", "create", "--slug", "acme"]);
    let client = shell.database().client().await;
    let lost = created["schema"].as_str().unwrap();
    let damage = format!("CREATE SCHEMA tenant_0123456789ab; DROP SCHEMA {lost} CASCADE");
    client.batch_execute(&damage).await.unwrap();
    let outcome = shell.run(&["orphans", "--output", "json"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(3), ""));
    let orphans: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(
        orphans,
        serde_json::json!([
            { "kind": "schema", "name": "tenant_0123456789ab" },
            { "kind": "tenant", "name": created["id"] },
        ])
    );
}

#[tokio::test]
async fn the_doctor_finds_the_test_server_good_but_for_what_tests_need_not_keep() {
    let shell = Shell::open().await;
    let outcome = shell.run(&["doctor", "--output", "json"]);
    let findings: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let verdict = |check: &str| {
        let all = findings.as_array().unwrap();
        let found = all.iter().find(|finding| finding["check"] == check);
        found.unwrap()["verdict"].as_str().unwrap().to_owned()
    };
    for check in [
        "version",
        "login role",
        "roles",
        "schemas",
        "public",
        "temporary tables",
        "tenants per login role",
        "login roles",
        "migrations",
        "orphans",
        "pooler",
    ] {
        assert_eq!(verdict(check), "good", "{check}: {}", outcome.stdout);
    }
    // The server of the tests forces nothing to disk.
    assert_eq!(verdict("fsync"), "bad");
    assert_eq!(outcome.code, Some(1));
}

#[tokio::test]
async fn the_doctor_says_how_to_keep_from_tenants_roles_what_takes_another_role() {
    for (check, right) in [
        ("set_config", "EXECUTE ON FUNCTION pg_catalog.set_config"),
        ("plpgsql", "USAGE ON LANGUAGE plpgsql"),
    ] {
        let shell = Shell::open().await;
        let superuser = async |sql: &str| shell.database().run_as_superuser(sql).await;
        // As on a server that nobody has prepared.
        superuser(&format!(
            "GRANT {right} TO PUBLIC; REVOKE {right} FROM rowhouse"
        ))
        .await;
        superuser(&advice(&shell, check, "warning")).await;
        assert_eq!(finding(&shell, check).0, "good");
        shell.print(&["tenant", "create", "--slug", "acme"]);
        shell.print(&["verify", "acme"]);

        superuser(&format!("REVOKE {right} FROM rowhouse")).await;
        superuser(&advice(&shell, check, "bad")).await;
        assert_eq!(finding(&shell, check).0, "good");
    }
}

/// What the doctor says to run.
fn advice(shell: &Shell, check: &str, verdict: &str) -> String {
    let (found, detail) = finding(shell, check);
    assert_eq!(found, verdict, "{detail}");
    detail.split('`').nth(1).unwrap().to_owned()
}

/// Verdict and detail of one check.
fn finding(shell: &Shell, check: &str) -> (String, String) {
    let outcome = shell.run(&["doctor", "--output", "json"]);
    let findings: Vec<serde_json::Value> = serde_json::from_str(&outcome.stdout).unwrap();
    let of_check = |finding: &serde_json::Value| finding["check"] == check;
    let finding = findings.into_iter().find(of_check).unwrap();
    let text = |name: &str| finding.get(name).unwrap().as_str().unwrap().to_owned();
    (text("verdict"), text("detail"))
}
