//! A change that is killed at any step, and begun again, ends where it would have ended.
//!
//! The process is `provision diff --apply`; its wire to the database stops at a statement, and there it is killed.

mod indexes;
mod wire;

use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rowhouse::provisioner::introspect::LiveSchema;
use rowhouse::provisioner::namespace::Namespace;
use rowhouse::provisioner::plan::step::Step;
use rowhouse::provisioner::plan::{Plan, Transaction};
use rowhouse::provisioner::planner::{Online, PlanOptions, plan};

use super::dump::dump;
use super::judge::told;
use super::rows::{self, Survivor};
use super::site::Site;
use wire::{Moment, Stop, Wire};

const FROM: &str = include_str!("kill/from.sql");
const TO: &str = include_str!("kill/to.sql");
const RENAME: &str = "teams.label=title";

/// The smallest number of steps that the change has to have.
const FEWEST: usize = 20;

/// Objects that only an unfinished change has.
const LEFT_OVERS: &str = "
    SELECT name FROM (SELECT relname::text, relnamespace, relname LIKE '%\\_\\_rowhouse%' FROM pg_class
                UNION SELECT typname, typnamespace, typname LIKE '%\\_\\_rowhouse%' FROM pg_type
                UNION SELECT conname, connamespace, conname LIKE '%\\_\\_rowhouse%' FROM pg_constraint
                UNION SELECT attname, relnamespace, attname LIKE '%\\_\\_rowhouse%'
                        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relkind = 'r'
                UNION SELECT relname, relnamespace, NOT indisvalid FROM pg_index JOIN pg_class c ON c.oid = indexrelid
         ) AS objects(name, namespace, is_left)
      JOIN pg_namespace n ON n.oid = namespace WHERE is_left AND nspname = ";

/// Who holds a schema's lock.
const ADVISORY_LOCKS: &str = "
    SELECT pid::text FROM pg_locks l JOIN pg_database d ON d.oid = l.database
     WHERE locktype = 'advisory' AND datname = current_database()";

/// Sessions of others than the test.
const SESSIONS: &str = "
    SELECT pid::text FROM pg_stat_activity
     WHERE datname = current_database() AND application_name <> 'test' AND backend_type = 'client backend'";

/// How long the server gets to notice that a process is gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// A change, and the schema that shows where it leads.
struct Change<'a> {
    site: &'a Site,
    from: &'a str,
    rename: Option<&'a str>,
    /// What holds for no row at the end.
    wrong_row: Option<&'a str>,
    target: Namespace,
}

impl<'a> Change<'a> {
    async fn new(site: &'a Site, from: &'a str, to: &str) -> Self {
        let name = "SET application_name = 'test'";
        site.run(name).await.unwrap();
        site.conn.lock().await.batch(name).await.unwrap();
        Self {
            site,
            from,
            rename: None,
            wrong_row: None,
            target: site.build("target", to).await.unwrap(),
        }
    }

    /// Makes a schema in the state before the change.
    async fn begin(&self, schema: &str) -> Namespace {
        let built = self.site.build(schema, self.from).await.unwrap();
        self.site.run("SET search_path = ''").await.unwrap();
        built
    }

    async fn read(&self, schema: &Namespace) -> LiveSchema {
        let read = self.site.read(std::slice::from_ref(schema)).await.unwrap();
        read.into_iter().next().unwrap()
    }

    /// The plan that the process is going to make.
    async fn plan(&self, schema: &Namespace) -> Plan {
        let (live, target) = (self.read(schema).await, self.read(&self.target).await);
        let options = PlanOptions {
            renames: self
                .rename
                .iter()
                .map(|text| text.parse().unwrap())
                .collect(),
            online: Online::Always,
            ..PlanOptions::default()
        };
        let mut conn = self.site.conn.lock().await;
        plan(&live, &target, schema, &options, &mut conn)
            .await
            .unwrap()
    }

    fn command(&self, schema: &str, url: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_provision"));
        command
            .args(["diff", "--from", schema, "--to", "target", "--apply"])
            .args(["--online", "always", "--allow", "all"])
            .env_clear()
            .env("DATABASE_URL", url)
            .stdin(Stdio::null());
        if let Some(rename) = self.rename {
            command.args(["--rename", rename]);
        }
        command
    }

    fn start(&self, schema: &str, url: &str) -> Child {
        self.command(schema, url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Makes the change, or what is left of it.
    fn carry_out(&self, schema: &str) -> Output {
        let mut command = self.command(schema, self.site.database.url());
        command.output().unwrap()
    }

    /// Begins a change in a new schema, kills it at the stop, begins it again, and tells what is wrong in the end.
    async fn kill_and_repeat(&self, schema: &str, stop: &Stop) -> Option<String> {
        let namespace = self.begin(schema).await;
        let survivors = self.survivors(schema).await;
        let client = &self.site.client;
        let before = rows::read(schema, &survivors, rows::Moment::Before, client).await;
        let wire = Wire::lay(self.site.database.url(), stop.clone()).await;
        let mut child = self.start(schema, &wire.url);
        if !wire.is_stopped(&mut child).await {
            return Some(format!("{stop:?}: it ended before it could be killed"));
        }
        wire.kill(child).await;
        self.wait_for_sessions().await;
        let again = told(&self.plan(&namespace).await);
        let output = self.carry_out(schema);
        let mut complaints = self.complaints(&namespace, &output).await;
        let after = rows::read(schema, &survivors, rows::Moment::After, client).await;
        complaints.extend(match (before, after) {
            (Ok(before), Ok(after)) => rows::difference(&before, &after),
            (before, after) => before.err().or(after.err()),
        });
        let complaints = complaints.join("\n");
        (!complaints.is_empty()).then(|| {
            format!("==== killed at {stop:?}\n---- {complaints}\n---- the second plan:\n{again}")
        })
    }

    /// What the rows of the schema keep.
    async fn survivors(&self, schema: &str) -> Vec<Survivor> {
        let renames = self.rename.iter().map(|text| text.parse().unwrap());
        let before = rows::columns(schema, &self.site.client).await;
        let after = rows::columns("target", &self.site.client).await;
        rows::survivors(&before, &after, &renames.collect::<Vec<_>>(), &[])
    }

    /// Waits until no session works for a dead process any more.
    async fn wait_for_sessions(&self) {
        self.wait_until("a dead process's session lives", async || {
            self.texts(SESSIONS).await.is_empty()
        })
        .await;
    }

    /// Waits for something that the server does in its own time.
    async fn wait_until(&self, complaint: &str, condition: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !condition().await {
            assert!(begun.elapsed() < PATIENCE, "{complaint}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn find(&self, schema: &str) -> Namespace {
        let conn = self.site.conn.lock().await;
        Namespace::find(schema, &conn).await.unwrap()
    }

    /// What `pg_dump` finds different at the end, in one run for all.
    fn differences(&self, schemas: &[String]) -> Vec<String> {
        let names = schemas.iter().map(String::as_str).chain(["target"]);
        let dumps = dump(&self.site.database, &names.collect::<Vec<_>>()).unwrap();
        let difference = |schema: &String| {
            let text = dumps[schema].difference(&dumps["target"])?;
            Some(format!("==== pg_dump of {schema} differs:\n{text}"))
        };
        schemas.iter().filter_map(difference).collect()
    }

    /// The first column of a query's rows, which is a text.
    async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.site.client.query(sql, &[]).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// What is not as it should be at the end.
    async fn complaints(&self, schema: &Namespace, output: &Output) -> Vec<String> {
        let mut complaints = Vec::new();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            complaints.push(format!("the second run fails: {said}"));
        }
        let (live, target) = (self.read(schema).await, self.read(&self.target).await);
        if live.fingerprint.structure != target.fingerprint.structure {
            let again = told(&self.plan(schema).await);
            complaints.push(format!("the fingerprints differ; a third plan:\n{again}"));
        }
        let left = format!("{LEFT_OVERS} '{}'", schema.as_str());
        for name in self.texts(&left).await {
            complaints.push(format!("`{name}` is left"));
        }
        for pid in self.texts(ADVISORY_LOCKS).await {
            complaints.push(format!("process {pid} still holds an advisory lock"));
        }
        if let Some(condition) = self.wrong_row {
            let wrong = format!("SELECT count(*)::text FROM {}.{condition}", schema.quoted());
            let count = self.texts(&wrong).await;
            if count != ["0"] {
                complaints.push(format!("{count:?} rows of {condition}"));
            }
        }
        complaints
    }
}

/// Fails with all that went wrong.
fn assert_none(kills: usize, failures: &[String]) {
    let failed = failures.len();
    let failures = failures.join("\n\n");
    assert!(
        failed == 0,
        "{failed} of {kills} kills went wrong\n\n{failures}"
    );
}

/// Kills the change at each of the stops that the plan offers.
async fn kill_at_all(stops: impl Fn(&Plan) -> Vec<Stop>) {
    let site = Site::migrated().await;
    let mut change = Change::new(&site, FROM, TO).await;
    change.rename = Some(RENAME);
    change.wrong_row = Some("members WHERE token IS NULL OR mark IS NULL OR points <> 0");
    let schema = change.begin("whole").await;
    let plan = change.plan(&schema).await;
    assert!(plan.steps().count() >= FEWEST, "{}", told(&plan));
    let output = change.carry_out("whole");
    let complaints = change.complaints(&schema, &output).await;
    assert_eq!(complaints, Vec::<String>::new(), "{}", told(&plan));
    let stops = stops(&plan);
    let mut failures = Vec::new();
    let mut schemas = vec!["whole".to_owned()];
    for (number, stop) in stops.iter().enumerate() {
        let schema = format!("killed_{number}");
        failures.extend(change.kill_and_repeat(&schema, stop).await);
        schemas.push(schema);
    }
    failures.extend(change.differences(&schemas));
    assert_none(stops.len(), &failures);
}

/// A third of the stops of the steps, so that machines with several cores work on them side by side.
fn third_of_the_steps(first: usize) -> impl Fn(&Plan) -> Vec<Stop> {
    move |plan| {
        let stops = stops_of_steps(plan, Moment::Done).into_iter();
        stops.skip(first).step_by(3).collect()
    }
}

#[tokio::test]
async fn a_change_that_is_killed_after_its_first_or_any_third_step_on_comes_to_its_end_when_repeated()
 {
    kill_at_all(third_of_the_steps(0)).await;
}

#[tokio::test]
async fn a_change_that_is_killed_after_its_second_or_any_third_step_on_comes_to_its_end_when_repeated()
 {
    kill_at_all(third_of_the_steps(1)).await;
}

#[tokio::test]
async fn a_change_that_is_killed_after_its_third_or_any_third_step_on_comes_to_its_end_when_repeated()
 {
    kill_at_all(third_of_the_steps(2)).await;
}

#[tokio::test]
async fn a_change_that_is_killed_in_any_commit_and_repeated_comes_to_its_end() {
    let commit = |transaction: &Transaction| Stop {
        statement: transaction.steps.last().unwrap().sql.clone(),
        later: 1,
        moment: Moment::Done,
    };
    kill_at_all(|plan| {
        let transactions = plan.transactions.iter();
        let atomic = transactions.filter(|transaction| transaction.atomic);
        atomic.map(commit).collect()
    })
    .await;
}

/// A stop at each statement of a filling, of which there are two batches and a second look.
fn stops_of_batches(moment: Moment) -> impl Iterator<Item = Stop> {
    ["token", "mark"].into_iter().flat_map(move |column| {
        (0..=4).map(move |later| Stop {
            statement: format!("b.name = 'members.{column}' RETURNING c.rows"),
            later,
            moment,
        })
    })
}

#[tokio::test]
async fn a_change_that_is_killed_around_any_batch_and_repeated_comes_to_its_end() {
    let stops = |_: &Plan| {
        let before = stops_of_batches(Moment::Asked);
        before.chain(stops_of_batches(Moment::Running)).collect()
    };
    kill_at_all(stops).await;
}

/// A stop at each step that is a statement of its own.
fn stops_of_steps(plan: &Plan, moment: Moment) -> Vec<Stop> {
    let steps = plan.steps().filter(|step| step.batches.is_none());
    let stop = |step: &Step| Stop {
        statement: step.sql.clone(),
        later: 0,
        moment,
    };
    steps.map(stop).collect()
}
