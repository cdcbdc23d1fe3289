//! Builds of indexes that are cut off leave an index that is not valid. What comes next takes it away and builds it.

use tokio_postgres::Client;

use super::super::site::Site;
use super::wire::{Moment, Stop, Wire};
use super::{Change, told};

const NOTES: &str = "CREATE TABLE notes (id bigint PRIMARY KEY, title text, day date);
     INSERT INTO notes VALUES (1, 'a', '2026-01-01'), (2, 'b', '2026-01-02')";

/// Builds that wait for somebody.
const WAITING: &str = "
    SELECT pid::text FROM pg_locks WHERE locktype = 'virtualxid' AND NOT granted
       AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";

/// Indexes that are not valid.
const INVALID: &str = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid";

impl Change<'_> {
    /// Waits until a build waits for somebody's transaction.
    async fn wait_for_a_build(&self) {
        self.wait_until("no build waits", async || {
            !self.texts(WAITING).await.is_empty()
        })
        .await;
    }

    /// Another session.
    async fn other(&self) -> Client {
        let other = self.site.database.client().await;
        let name = "SET application_name = 'test'; SET search_path = changed";
        other.batch_execute(name).await.unwrap();
        other
    }

    /// The stop at the build that the change to the schema begins with.
    async fn build(&self, moment: Moment) -> Stop {
        let schema = self.begin("changed").await;
        let plan = self.plan(&schema).await;
        let mut steps = plan.steps();
        let build = steps.find(|step| step.sql.contains("INDEX CONCURRENTLY"));
        let build = build.unwrap_or_else(|| panic!("{}", told(&plan)));
        Stop {
            statement: build.sql.clone(),
            later: 0,
            moment,
        }
    }
}

/// Kills a change in the middle of its first build, which waits for the snapshot of another session.
async fn kill_in_the_build(from: &str, to: &str) {
    let site = Site::migrated().await;
    let (from, to) = (format!("{NOTES}; {from}"), format!("{NOTES}; {to}"));
    let change = Change::new(&site, &from, &to).await;
    let stop = change.build(Moment::Running).await;
    let reader = change.other().await;
    let look = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT";
    reader.batch_execute(look).await.unwrap();

    let wire = Wire::lay(site.database.url(), stop).await;
    let mut child = change.start("changed", &wire.url);
    assert!(wire.is_stopped(&mut child).await);
    change.wait_for_a_build().await;
    wire.kill(child).await;
    change.wait_for_sessions().await;
    reader.batch_execute("COMMIT").await.unwrap();
    assert_eq!(change.texts(INVALID).await.len(), 1);

    let output = change.carry_out("changed");
    let schema = change.find("changed").await;
    let mut complaints = change.complaints(&schema, &output).await;
    complaints.extend(change.differences(&["changed".to_owned()]));
    assert_eq!(complaints, Vec::<String>::new());
}

#[tokio::test]
async fn a_new_index_that_was_not_built_to_its_end_is_built_again() {
    kill_in_the_build("SELECT", "CREATE INDEX notes_title ON notes (title)").await;
}

#[tokio::test]
async fn an_index_that_was_to_replace_another_one_is_built_again() {
    let (from, to) = ("(title)", "(title, day)");
    let sql = |keys: &str| format!("CREATE INDEX notes_title ON notes {keys}");
    kill_in_the_build(&sql(from), &sql(to)).await;
}

#[tokio::test]
async fn the_index_of_a_new_unique_constraint_is_built_again() {
    let to = "ALTER TABLE notes ADD CONSTRAINT one_title UNIQUE (title)";
    kill_in_the_build("SELECT", to).await;
}

#[tokio::test]
async fn the_index_of_a_changed_unique_constraint_is_built_again() {
    let sql = |keys: &str| format!("ALTER TABLE notes ADD CONSTRAINT one_title UNIQUE {keys}");
    kill_in_the_build(&sql("(title)"), &sql("(title, day)")).await;
}

#[tokio::test]
async fn a_unique_index_that_met_a_duplicate_is_built_when_the_duplicate_is_gone() {
    let site = Site::migrated().await;
    let to = format!("{NOTES}; ALTER TABLE notes ADD CONSTRAINT one_title UNIQUE (title)");
    let change = Change::new(&site, NOTES, &to).await;
    let stop = change.build(Moment::Done).await;
    let writer = change.other().await;
    let twice = "BEGIN; INSERT INTO notes VALUES (3, 'a')";
    writer.batch_execute(twice).await.unwrap();

    let wire = Wire::lay(site.database.url(), stop).await;
    let mut child = change.start("changed", &wire.url);
    change.wait_for_a_build().await;
    writer.batch_execute("COMMIT").await.unwrap();
    assert!(wire.is_stopped(&mut child).await);
    wire.kill(child).await;
    change.wait_for_sessions().await;
    assert_eq!(change.texts(INVALID).await.len(), 1);

    let refused = change.carry_out("changed");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("one_title"),
        "{said}"
    );
    let one = "DELETE FROM notes WHERE id = 3";
    writer.batch_execute(one).await.unwrap();
    let output = change.carry_out("changed");
    let schema = change.find("changed").await;
    let mut complaints = change.complaints(&schema, &output).await;
    complaints.extend(change.differences(&["changed".to_owned()]));
    assert_eq!(complaints, Vec::<String>::new());
}
