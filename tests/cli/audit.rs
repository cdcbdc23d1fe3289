//! `provision audit verify`.

use super::shell::Shell;

/// A row that nobody chained.
const FORGED: &str = "INSERT INTO audit_logs (id, position, hash, actor_type, action, object_type)
    VALUES (gen_random_uuid(), 1, '\\x00', 'nobody', 'users.create', 'user')";

/// The rows of a table, with one space between their words.
fn rows(table: &str) -> Vec<String> {
    let lines = table
        .lines()
        .filter(|line| line.contains(char::is_alphabetic));
    lines
        .map(|line| {
            let words =
                line.split(|character: char| character.is_whitespace() || "│┆".contains(character));
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            words.join(" ")
        })
        .collect()
}

#[tokio::test]
async fn a_log_that_is_not_whole_is_a_difference() {
    let shell = Shell::open().await;
    for slug in ["acme", "globex"] {
        shell.print(&["tenant", "create", "--slug", slug]);
    }
    let whole = shell.run(&["audit", "verify"]);
    assert_eq!(whole.code, Some(0));
    assert_eq!(
        rows(&whole.stdout),
        ["tenant rows fault", "acme 0", "globex 0"]
    );

    let schema = shell.json(&["tenant", "show", "acme"])["schema"].clone();
    let schema = schema.as_str().unwrap();
    let client = shell.database().client().await;
    client
        .batch_execute(&format!("SET search_path = {schema}; {FORGED}"))
        .await
        .unwrap();
    let broken = shell.run(&["audit", "verify"]);
    assert_eq!(broken.code, Some(3));
    assert_eq!(
        rows(&broken.stdout),
        [
            "tenant rows fault",
            "acme 0 the row of place 1 was edited, or stands where another stood",
            "globex 0",
        ]
    );
    let one = shell.run(&["audit", "verify", "globex"]);
    assert_eq!(one.code, Some(0));
}
