//! The judge is judged: it passes a right plan, and catches wrong ones.

use rowhouse::provisioner::plan::step::{LockClass, Step};
use rowhouse::provisioner::plan::{Fingerprint, Plan, Transaction};
use rowhouse::provisioner::planner::Online;

use super::dump::dump;
use super::judge::{Failure, Transition, malformed};
use super::rows;
use super::site::Site;

const FROM: &str =
    "CREATE TABLE notes (id integer, title text); INSERT INTO notes VALUES (1, 'a'), (2, 'b')";
const TO: &str = "CREATE TABLE notes (id bigint NOT NULL, title text)";
const RIGHT: &str = "ALTER TABLE notes ALTER id TYPE bigint, ALTER id SET NOT NULL";

/// What the judge says of a plan of one transaction: of rows, of a second plan, of `pg_dump`.
struct Verdict {
    carried_out: Result<(), String>,
    dump: Option<String>,
}

fn plan(statements: &[&str]) -> Plan {
    let step = |sql: &&str| Step {
        name: (*sql).to_owned(),
        why: None,
        sql: (*sql).to_owned(),
        lock: LockClass::AccessExclusive,
        tables: Vec::new(),
        rewrites: false,
        transactional: true,
        reversible: true,
        lock_timeout_ms: 1_000,
        statement_timeout_ms: 1_000,
        done_when: String::new(),
        left_over: None,
        batches: None,
        hazards: Vec::new(),
    };
    Plan {
        from: Fingerprint::default(),
        to: Fingerprint::default(),
        transactions: vec![Transaction {
            atomic: true,
            steps: statements.iter().map(step).collect(),
        }],
        refusals: Vec::new(),
        unmanaged: Vec::new(),
        column_orders: Vec::new(),
    }
}

async fn verdict(statements: &[&str]) -> Verdict {
    let site = Site::open().await;
    let schema = site.build("judged_is", FROM).await.unwrap();
    let target = site.build("judged_should", TO).await.unwrap();
    let read = site.read(&[schema.clone(), target]).await.unwrap();
    let transition = Transition {
        site: &site,
        schema: &schema,
        live: &read[0],
        target: &read[1],
        target_columns: &rows::columns("judged_should", &site.client).await,
        renames: Vec::new(),
        online: Online::Never,
        rows_may_change: &[],
    };
    let carried_out = transition.carry_out(&plan(statements)).await;
    let dumps = dump(&site.database, &["judged_is", "judged_should"]).unwrap();
    Verdict {
        carried_out: carried_out.map(drop).map_err(Failure::text),
        dump: dumps["judged_is"].difference(&dumps["judged_should"]),
    }
}

#[tokio::test]
async fn a_right_plan_passes() {
    let verdict = verdict(&[RIGHT]).await;
    assert_eq!((verdict.carried_out, verdict.dump), (Ok(()), None));
}

#[tokio::test]
async fn a_plan_that_forgets_something_is_caught_twice() {
    let verdict = verdict(&["ALTER TABLE notes ALTER id TYPE bigint"]).await;
    let told = verdict.carried_out.unwrap_err();
    assert!(told.contains("a second plan is not empty"), "{told}");
    assert!(verdict.dump.is_some_and(|told| told.contains("NOT NULL")));
}

#[tokio::test]
async fn a_plan_that_does_too_much_is_caught_twice() {
    let verdict = verdict(&[RIGHT, "CREATE INDEX too_much ON notes (id)"]).await;
    let told = verdict.carried_out.unwrap_err();
    assert!(told.contains("a second plan is not empty"), "{told}");
    assert!(verdict.dump.is_some_and(|told| told.contains("too_much")));
}

#[tokio::test]
async fn a_plan_that_loses_or_changes_rows_is_caught() {
    for wrong in [
        "DELETE FROM notes WHERE id = 1",
        "UPDATE notes SET title = upper(title) WHERE id = 2",
        "INSERT INTO notes VALUES (3, 'c')",
        "ALTER TABLE notes DROP title; ALTER TABLE notes ADD title text",
    ] {
        let verdict = verdict(&[RIGHT, wrong]).await;
        let told = verdict.carried_out.unwrap_err();
        assert!(told.contains("rows of notes"), "{wrong}: {told}");
        assert_eq!(verdict.dump, None, "{wrong}");
    }
}

#[tokio::test]
async fn a_plan_whose_step_fails_is_caught_and_leaves_nothing() {
    let verdict = verdict(&[RIGHT, "ALTER TABLE nowhere ADD a integer"]).await;
    let told = verdict.carried_out.unwrap_err();
    assert!(told.contains("nowhere"), "{told}");
    assert!(verdict.dump.is_some());
}

#[tokio::test]
async fn a_plan_that_cannot_be_run_as_it_says_is_caught() {
    let site = Site::open().await;
    let schema = site.build("judged_is", FROM).await.unwrap();
    let wrong = |statement: &str, online: Online| malformed(&plan(&[statement]), &schema, online);
    assert_eq!(wrong(RIGHT, Online::Never), None);
    assert!(wrong("DROP TABLE notes CASCADE", Online::Never).is_some());
    assert!(wrong("DROP TABLE judged_is.notes", Online::Never).is_some());
    assert!(wrong("CREATE INDEX CONCURRENTLY i ON notes (id)", Online::Always).is_some());
    let mut several = plan(&[RIGHT, RIGHT]);
    several.transactions[0].atomic = false;
    assert!(malformed(&several, &schema, Online::Never).is_some());
}
