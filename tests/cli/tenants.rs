//! `provision tenant` and `provision seed`.

use super::shell::Shell;

#[tokio::test]
async fn a_created_tenant_is_shown_with_its_admin_and_a_generated_password() {
    let shell = Shell::open().await;
    let created = shell.json(&[
        "tenant",
        "create",
        "--slug",
        "acme",
        "--name",
        "Acme Inc.",
        "--label",
        "wave=1",
        "--label",
        "region=eu",
    ]);
    insta::assert_json_snapshot!(created, {
        ".id" => "[id]",
        ".schema" => "[schema]",
        ".version" => "[version]",
        ".fingerprint" => "[fingerprint]",
        ".created_at" => "[time]",
        ".updated_at" => "[time]",
        ".run.id" => "[id]",
        ".admin.password" => "[password]",
    });
    assert!(created["admin"]["password"].as_str().unwrap().len() >= 16);
}

#[tokio::test]
async fn a_table_has_a_line_for_each_fact() {
    let shell = Shell::open().await;
    let printed = shell.print(&[
        "tenant",
        "create",
        "--slug",
        "acme",
        "--admin-email",
        "Ada@Acme.example",
    ]);
    let facts: Vec<(&str, &str)> = printed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, value)| (name, value.trim()))
        .collect();
    let names: Vec<&str> = facts.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "id", "slug", "name", "status", "version", "created", "admin", "username", "password"
        ]
    );
    for fact in [
        ("slug", "acme"),
        ("status", "active"),
        ("admin", "ada@acme.example"),
        ("username", "admin"),
    ] {
        assert!(facts.contains(&fact), "{printed}");
    }
}

#[tokio::test]
async fn a_slug_that_is_taken_is_refused() {
    let shell = Shell::open().await;
    shell.print(&["tenant", "create", "--slug", "acme"]);
    shell
        .run(&["tenant", "create", "--slug", "acme"])
        .assert_refused(
            1,
            "error: the slug `acme` is taken (hint: choose another one)",
        );
}

#[tokio::test]
async fn what_is_no_slug_or_label_is_wrong_usage() {
    let shell = Shell::open().await;
    for slug in [
        "A", "ab", "acme!", "-acme", "shared", "acme_inc", "1acme", "a\"b;--",
    ] {
        let outcome = shell.run(&["tenant", "create", &format!("--slug={slug}")]);
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (Some(2), ""),
            "{slug}"
        );
        assert!(outcome.stderr.contains("--slug"), "{}", outcome.stderr);
    }
    let outcome = shell.run(&["tenant", "create", "--slug", "acme", "--label", "wave"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("a label looks like `key=value`"));
    assert_eq!(shell.json(&["tenant", "list"]), serde_json::json!([]));
}

#[tokio::test]
async fn tenants_are_listed_by_slug_and_found_by_part_of_it() {
    let shell = Shell::open().await;
    for slug in ["globex", "acme", "acme-labs"] {
        shell.print(&["tenant", "create", "--slug", slug]);
    }
    let slugs = |arguments: &[&str]| {
        let listed = shell.json(&[&["tenant", "list"], arguments].concat());
        let tenants = listed.as_array().unwrap().clone();
        tenants
            .iter()
            .map(|tenant| tenant["slug"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(slugs(&[]), ["acme", "acme-labs", "globex"]);
    assert_eq!(slugs(&["--search", "acme"]), ["acme", "acme-labs"]);
    assert_eq!(slugs(&["--status", "suspended"]), Vec::<String>::new());
    assert_eq!(slugs(&["--limit", "1"]), ["acme"]);
    let table = shell.print(&["tenant", "list"]);
    assert!(
        table.contains("globex") && table.contains("status"),
        "{table}"
    );
}

#[tokio::test]
async fn a_tenant_is_shown_by_slug_id_and_schema_name() {
    let shell = Shell::open().await;
    let created = shell.json(&["tenant", "create", "--slug", "acme"]);
    for key in ["slug", "id", "schema"] {
        let shown = shell.json(&["tenant", "show", created[key].as_str().unwrap()]);
        assert_eq!(shown["fingerprint"], created["fingerprint"], "by {key}");
    }
}

#[tokio::test]
async fn a_tenant_that_nobody_knows_is_refused() {
    let shell = Shell::open().await;
    let message = "error: no tenant is called `acme` (hint: `provision tenant list` names them)";
    shell
        .run(&["tenant", "show", "acme"])
        .assert_refused(1, message);
    shell
        .run(&["seed", "roles", "acme"])
        .assert_refused(1, message);
}

#[tokio::test]
async fn seeding_adds_what_is_missing_and_nothing_more() {
    let shell = Shell::open().await;
    let created = shell.json(&["tenant", "create", "--slug", "acme"]);
    shell.print(&["tenant", "create", "--slug", "globex"]);
    let client = shell.database().client().await;
    let sql = format!(
        "DELETE FROM {}.settings",
        created["schema"].as_str().unwrap()
    );
    let deleted = client.execute(&sql, &[]).await.unwrap();
    let nothing = |slug: &str| serde_json::json!({ "tenant": slug, "permissions": 0, "roles": 0, "settings": 0 });
    let mut added = nothing("acme");
    added["settings"] = deleted.into();
    assert_eq!(
        shell.json(&["seed", "roles"]),
        serde_json::json!([added, nothing("globex")])
    );
    assert_eq!(
        shell.json(&["seed", "roles", "acme"]),
        serde_json::json!([nothing("acme")])
    );
}

/// What the roles of a tenant grant is the tenant's to change, but for the role that runs it.
#[tokio::test]
async fn seeding_gives_no_role_again_what_the_tenant_took_from_it() {
    let shell = Shell::open().await;
    let created = shell.json(&["tenant", "create", "--slug", "acme"]);
    let schema = created["schema"].as_str().unwrap();
    let client = shell.database().client().await;
    let count = async |role: &str, permission: &str| {
        let sql = format!(
            "SELECT count(*) FROM {schema}.role_permissions \
             JOIN {schema}.roles ON roles.id = role_id \
             JOIN {schema}.permissions ON permissions.id = permission_id \
             WHERE roles.name = '{role}' AND permissions.name = '{permission}'"
        );
        client.query_one(&sql, &[]).await.unwrap().get::<_, i64>(0)
    };
    // `users.read` is taken from the viewers, everything from the admins; `tags.read` is as a newer build's would be.
    let take = format!(
        "SET search_path = {schema}; \
         DELETE FROM role_permissions USING roles, permissions \
         WHERE roles.id = role_id AND permissions.id = permission_id \
         AND (roles.name = 'admin' OR roles.name = 'viewer' AND permissions.name = 'users.read'); \
         DELETE FROM permissions WHERE name = 'tags.read'; RESET search_path"
    );
    client.batch_execute(&take).await.unwrap();
    shell.json(&["seed", "roles", "acme"]);
    assert_eq!(count("viewer", "users.read").await, 0);
    assert_eq!(count("viewer", "tags.read").await, 1);
    assert_eq!(count("admin", "*").await, 1);
    // Where nothing is granted any more, the table was lost and made again.
    let lose = format!("DELETE FROM {schema}.role_permissions");
    client.batch_execute(&lose).await.unwrap();
    shell.json(&["seed", "roles", "acme"]);
    assert_eq!(count("viewer", "users.read").await, 1);
}

#[tokio::test]
async fn a_tenant_is_suspended_and_resumed() {
    let shell = Shell::open().await;
    shell.json(&["tenant", "create", "--slug", "acme"]);
    for (turn, status) in [
        ("suspend", "suspended"),
        ("suspend", "suspended"),
        ("resume", "active"),
    ] {
        assert_eq!(shell.json(&["tenant", turn, "acme"])["status"], status);
        assert_eq!(shell.json(&["tenant", "show", "acme"])["status"], status);
    }
}
