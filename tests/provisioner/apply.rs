//! Applying plans: whole or not at all, only what was allowed, and with patience for those who hold locks.

mod batches;
mod gates;
mod locks;
mod resuming;

use connection::PlatformConn;
use platform_schema::RunStep;
use rowhouse::provisioner::apply::Applied;
use rowhouse::provisioner::apply::options::{ApplyOptions, Observer, StepEvent};
use rowhouse::provisioner::introspect::introspect;
use rowhouse::provisioner::namespace::Namespace;
use rowhouse::provisioner::plan::step::{Batches, LockClass, Step};
use rowhouse::provisioner::plan::{Fingerprint, Plan, Transaction};
use rowhouse::provisioner::{ProvisionError, Provisioner};
use std::time::Duration;
use test_app::TestPlatform;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use crate::connect;

/// A schema that is no tenant's, with a table.
struct Site {
    platform: TestPlatform,
    schema: Namespace,
    conn: PlatformConn,
}

impl Site {
    async fn with(sql: &str) -> Self {
        let platform = TestPlatform::open().await;
        platform
            .run(&format!(
                "CREATE SCHEMA depot; SET search_path = depot; {sql}; SET search_path = ''"
            ))
            .await;
        let conn = connect(platform.url()).await;
        let schema = Namespace::find("depot", &conn).await.unwrap();
        Self {
            platform,
            schema,
            conn,
        }
    }

    async fn with_bikes() -> Self {
        Self::with("CREATE TABLE bikes (id bigint PRIMARY KEY, gears int)").await
    }

    fn provisioner(&self) -> Provisioner {
        self.platform.platform.provisioner.clone()
    }

    /// A plan from the state that the schema is in.
    async fn plan(&self, transactions: Vec<Transaction>) -> Plan {
        let read = introspect(std::slice::from_ref(&self.schema), &self.conn).await;
        let live = read.unwrap().into_iter().next();
        Plan {
            from: live.map(|live| live.fingerprint).unwrap_or_default(),
            to: Fingerprint::default(),
            transactions,
            refusals: Vec::new(),
            unmanaged: Vec::new(),
            column_orders: Vec::new(),
        }
    }

    async fn apply(&self, plan: &Plan, options: &ApplyOptions) -> Result<Applied, ProvisionError> {
        self.provisioner().apply(&self.schema, plan, options).await
    }

    /// Begins to apply a plan, and tells what happens to its steps.
    fn begin(
        &self,
        plan: &Plan,
    ) -> (
        JoinHandle<Result<Applied, ProvisionError>>,
        UnboundedReceiver<StepEvent>,
    ) {
        let (options, events) = observed();
        let (provisioner, schema, plan) = (self.provisioner(), self.schema.clone(), plan.clone());
        let applying = async move { provisioner.apply(&schema, &plan, &options).await };
        (tokio::task::spawn(applying), events)
    }

    /// Applies a plan until it has met so many times what others hold, and cuts it off there, as when the process is killed.
    async fn cut_off(&self, plan: &Plan, meetings: usize) {
        let (applying, mut events) = self.begin(plan);
        for _ in 0..meetings {
            heard(&mut events, is_contended).await;
        }
        applying.abort();
        assert!(applying.await.unwrap_err().is_cancelled());
        self.platform.run("ROLLBACK").await;
    }

    /// Why a plan is not applied, or not in full.
    async fn refusal(&self, plan: &Plan) -> ProvisionError {
        let outcome = self.apply(plan, &ApplyOptions::default()).await;
        outcome.unwrap_err()
    }

    async fn columns(&self) -> Vec<String> {
        let columns = "SELECT column_name::text FROM information_schema.columns
                        WHERE table_schema = 'depot' ORDER BY table_name, ordinal_position";
        self.platform.texts(columns).await
    }

    /// Kind, status and error of all runs, in order.
    async fn runs(&self) -> Vec<String> {
        let runs =
            "SELECT concat_ws(' ', kind, status, error) FROM shared.runs ORDER BY started_at";
        self.platform.texts(runs).await
    }

    /// Name, status and error of all steps of all runs, in order.
    async fn steps(&self) -> Vec<String> {
        let steps = "SELECT concat_ws(' | ', s.name, s.status, s.error) FROM shared.run_steps s
                       JOIN shared.runs r ON r.id = s.run_id ORDER BY r.started_at, s.position";
        self.platform.texts(steps).await
    }
}

fn step(sql: &str) -> Step {
    Step {
        name: sql.to_owned(),
        why: None,
        sql: sql.to_owned(),
        lock: LockClass::AccessExclusive,
        tables: vec!["bikes".to_owned()],
        rewrites: false,
        transactional: true,
        reversible: true,
        lock_timeout_ms: 50,
        statement_timeout_ms: 20_000,
        done_when: "false".to_owned(),
        left_over: None,
        batches: None,
        hazards: Vec::new(),
    }
}

fn atomic(statements: &[&str]) -> Transaction {
    Transaction {
        atomic: true,
        steps: statements.iter().map(|sql| step(sql)).collect(),
    }
}

fn alone(step: Step) -> Transaction {
    Transaction {
        atomic: false,
        steps: vec![Step {
            transactional: false,
            ..step
        }],
    }
}

/// An update of all bikes without gears.
fn gears() -> Transaction {
    let batches = Batches {
        name: "gears".to_owned(),
        table: "bikes".to_owned(),
        set: "gears = 3".to_owned(),
        condition: "gears IS NULL".to_owned(),
    };
    alone(Step {
        lock: LockClass::RowExclusive,
        batches: Some(batches),
        ..step("UPDATE bikes SET gears = 3 WHERE gears IS NULL")
    })
}

/// Options with an observer, and what it hears.
fn observed() -> (ApplyOptions, UnboundedReceiver<StepEvent>) {
    let (sender, receiver) = unbounded_channel();
    let observer = Observer::new(move |event| {
        let _ = sender.send(event.clone());
    });
    let options = ApplyOptions {
        observer: Some(observer),
        ..ApplyOptions::default()
    };
    (options, receiver)
}

/// Waits for an event of this kind.
async fn heard(
    events: &mut UnboundedReceiver<StepEvent>,
    is_wanted: impl Fn(&StepEvent) -> bool,
) -> StepEvent {
    loop {
        let event = tokio::time::timeout(Duration::from_secs(20), events.recv()).await;
        let event = event.unwrap().unwrap();
        if is_wanted(&event) {
            return event;
        }
    }
}

fn is_contended(event: &StepEvent) -> bool {
    matches!(event, StepEvent::Contended { .. })
}

#[tokio::test]
async fn a_plan_is_applied_and_every_step_recorded() {
    let site = Site::with_bikes().await;
    let plan = site
        .plan(vec![
            atomic(&[
                "ALTER TABLE bikes ADD colour text",
                "CREATE TABLE tools (name text)",
            ]),
            alone(step(
                "CREATE INDEX CONCURRENTLY bikes_colour_idx ON bikes (colour)",
            )),
        ])
        .await;
    let applied = site.apply(&plan, &ApplyOptions::default()).await.unwrap();
    assert_eq!((applied.steps_run, applied.steps_skipped), (3, 0));
    assert_eq!(
        (applied.retries, applied.longest_lock_wait),
        (0, Duration::ZERO)
    );
    assert_eq!(site.columns().await, ["id", "gears", "colour", "name"]);
    let indexes = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'depot' ORDER BY 1";
    assert_eq!(
        site.platform.texts(indexes).await,
        ["bikes_colour_idx", "bikes_pkey"]
    );
    assert_eq!(site.runs().await, ["apply succeeded"]);
    assert_eq!(
        site.steps().await,
        [
            "ALTER TABLE bikes ADD colour text | succeeded",
            "CREATE TABLE tools (name text) | succeeded",
            "CREATE INDEX CONCURRENTLY bikes_colour_idx ON bikes (colour) | succeeded",
        ]
    );
}

#[tokio::test]
async fn a_step_that_fails_undoes_its_transaction_and_keeps_those_before_it() {
    let site = Site::with_bikes().await;
    site.platform
        .run("INSERT INTO depot.bikes VALUES (1, 7), (2, 7)")
        .await;
    let plan = site
        .plan(vec![
            atomic(&["ALTER TABLE bikes ADD colour text"]),
            atomic(&[
                "ALTER TABLE bikes ADD bell text",
                "ALTER TABLE bikes ADD UNIQUE (gears)",
                "ALTER TABLE bikes ADD lamp text",
            ]),
        ])
        .await;
    let error = site.refusal(&plan).await;
    let expected = "the step `ALTER TABLE bikes ADD UNIQUE (gears)` failed: \
        could not create unique index \"bikes_gears_key\" (Key (gears)=(7) is duplicated.)";
    assert_eq!(error.to_string(), expected);
    assert_eq!(site.columns().await, ["id", "gears", "colour"]);
    assert_eq!(site.runs().await, [format!("apply failed {expected}")]);
    assert_eq!(
        site.steps().await,
        [
            "ALTER TABLE bikes ADD colour text | succeeded".to_owned(),
            "ALTER TABLE bikes ADD bell text | failed | rolled back".to_owned(),
            format!("ALTER TABLE bikes ADD UNIQUE (gears) | failed | {expected}"),
            "ALTER TABLE bikes ADD lamp text | failed | not reached".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_constraint_that_is_checked_at_the_commit_fails_the_transaction() {
    let site =
        Site::with("CREATE TABLE bikes (id bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)").await;
    let plan = site
        .plan(vec![atomic(&[
            "CREATE TABLE tools (name text)",
            "INSERT INTO bikes VALUES (1), (1)",
        ])])
        .await;
    let error = site.refusal(&plan).await;
    assert!(error.to_string().contains("bikes_id_key"), "{error}");
    assert_eq!(site.columns().await, ["id"]);
}

#[tokio::test]
async fn a_plan_that_does_not_lead_where_it_promises_is_reported() {
    let site = Site::with_bikes().await;
    let transactions = vec![atomic(&["ALTER TABLE bikes ADD colour text"])];
    let plan = Plan {
        to: Fingerprint {
            structure: "1".repeat(64),
            ..Fingerprint::default()
        },
        ..site.plan(transactions).await
    };
    let error = site.refusal(&plan).await;
    assert!(matches!(error, ProvisionError::NotConverged(_)), "{error}");
    let [run] = <[String; 1]>::try_from(site.runs().await).unwrap();
    assert!(run.starts_with("apply failed all steps are done"), "{run}");
}

#[tokio::test]
async fn a_plan_reaches_its_own_schema_alone() {
    let site = Site::with_bikes().await;
    site.platform
        .run("CREATE SCHEMA yard; CREATE TABLE yard.bikes (id bigint); CREATE TABLE yard.carts (id bigint)")
        .await;
    let plan = site
        .plan(vec![atomic(&["ALTER TABLE bikes ADD colour text"])])
        .await;
    site.apply(&plan, &ApplyOptions::default()).await.unwrap();
    let yard =
        "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'yard'";
    assert_eq!(site.platform.texts(yard).await, ["id", "id"]);
    let plan = site.plan(vec![atomic(&["DROP TABLE carts"])]).await;
    let error = site.refusal(&plan).await;
    assert!(
        error.to_string().contains("\"carts\" does not exist"),
        "{error}"
    );
}

#[tokio::test]
async fn the_steps_of_a_callers_run_follow_those_it_has() {
    let site = Site::with_bikes().await;
    let run = platform_schema::NewRun {
        id: uuid::Uuid::now_v7(),
        tenant_id: None,
        kind: "upgrade".to_owned(),
        requested_by: "test".to_owned(),
        detail: serde_json::json!({}),
    };
    let run = run.insert(&site.conn).await.unwrap();
    let first = platform_schema::NewRunStep {
        run_id: run.id,
        position: 0,
        name: "look".to_owned(),
        status: platform_schema::RunStatus::Succeeded,
        duration_us: Some(1),
        started_at: run.started_at,
        finished_at: Some(run.started_at),
    };
    platform_schema::NewRunStep::insert_all(&[first], &site.conn)
        .await
        .unwrap();
    let options = ApplyOptions {
        run: Some(run.id),
        ..ApplyOptions::default()
    };
    let plan = site
        .plan(vec![atomic(&["ALTER TABLE bikes ADD colour text"])])
        .await;
    site.apply(&plan, &options).await.unwrap();
    let steps = RunStep::of(run.id, &site.conn).await.unwrap();
    let names: Vec<_> = steps
        .iter()
        .map(|step| (step.position, step.name.as_str()))
        .collect();
    assert_eq!(
        names,
        [(0, "look"), (1, "ALTER TABLE bikes ADD colour text")]
    );
    assert_eq!(site.runs().await, ["upgrade running"]);
}
