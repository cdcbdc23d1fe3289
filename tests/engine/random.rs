//! Transitions made at random: from a schema to another one and back, judged like those of the corpus.
//!
//! The seed is fixed, so that a run fails or does not. `PROPTEST_CASES` asks for more cases, `PROPTEST_RNG_SEED` for others.

mod choices;
mod constraints;
mod mutation;
mod repair;
mod schema;
mod seeds;
mod table;

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{
    Config, RngSeed, TestCaseError, TestError, TestRunner, contextualize_config,
};
use rowhouse::provisioner::identifier::quote_identifiers;
use rowhouse::provisioner::introspect::LiveSchema;
use rowhouse::provisioner::namespace::Namespace;
use rowhouse::provisioner::plan::Plan;
use rowhouse::provisioner::plan::hazard::{HazardKind, Refusal};
use rowhouse::provisioner::planner::Online;
use tenant_schema::definition::{ColumnDefinition, SchemaDefinition};
use tokio::runtime::Runtime;

use super::dump::dump;
use super::judge::{Failure, Transition, told};
use super::rows;
use super::site::Site;
use choices::Choices;

/// Cases of each test, when the environment asks for none.
const CASES: u32 = 32;

/// A schema takes about as many choices; a longer list is not read to its end.
const CHOICES: usize = 500;

/// Every so many cases `pg_dump` is asked too.
const DUMPED: usize = 8;

/// Cases in one database: dropped schemas leave dead rows in its catalog, and everything slows down.
const PER_DATABASE: usize = 100;

/// Ways on which rows were in the way, so that the tables had to be emptied: they prove nothing about rows.
static EMPTIED: AtomicU32 = AtomicU32::new(0);

/// How the second schema comes about.
#[derive(Debug, Clone, Copy)]
enum Kinship {
    /// By itself.
    Stranger,
    /// From the first one by some changes.
    Descendant,
}

#[test]
fn a_schema_becomes_any_other_one_and_comes_back() {
    run(Kinship::Stranger, 0x0072_6f77_686f_7573);
}

#[test]
fn a_schema_becomes_a_changed_one_and_comes_back() {
    run(Kinship::Descendant, 0x0065_6e67_696e_6521);
}

/// A database that is replaced when it has served long enough.
struct Place {
    runtime: Runtime,
    site: Cell<Option<Site>>,
    cases: Cell<usize>,
}

#[expect(
    clippy::print_stdout,
    reason = "the seed is what a failure is repeated with"
)]
fn run(kinship: Kinship, seed: u64) {
    let config = contextualize_config(Config {
        cases: CASES,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 800,
        ..Config::default()
    });
    println!(
        "{kinship:?}: {} cases from seed {:?}",
        config.cases, config.rng_seed
    );
    let place = Place {
        runtime: Runtime::new().unwrap(),
        site: Cell::new(None),
        cases: Cell::new(0),
    };
    let numbers = || vec(any::<u16>(), 0..CHOICES);
    let mut runner = TestRunner::new(config);
    let result = runner.run(
        &(numbers(), numbers(), numbers()),
        |(first, second, rows)| {
            let before = schema::schema(&mut Choices::new(&first));
            let choices = &mut Choices::new(&second);
            let after = match kinship {
                Kinship::Stranger => schema::schema(choices),
                Kinship::Descendant => mutation::mutated(&before, choices),
            };
            place.judge(&Pair {
                before,
                after,
                rows,
            })
        },
    );
    println!(
        "{kinship:?}: {} ways by now on which the tables had to be emptied",
        EMPTIED.load(Ordering::Relaxed)
    );
    // The database is dropped outside the runtime's own threads.
    let site = place.site.take();
    place.runtime.block_on(async { drop(site) });
    match result {
        Ok(()) => {}
        // The numbers of the case say nothing; its SQL is in the reason.
        Err(TestError::Fail(reason, _)) => panic!("{}", reason.message()),
        Err(TestError::Abort(reason)) => panic!("given up: {}", reason.message()),
    }
}

/// Two schemas and the numbers from which rows are made.
struct Pair {
    before: SchemaDefinition,
    after: SchemaDefinition,
    rows: Vec<u16>,
}

impl Place {
    fn judge(&self, pair: &Pair) -> Result<(), TestCaseError> {
        let number = self.cases.replace(self.cases.get() + 1);
        let mut site = self.site.take();
        if number.is_multiple_of(PER_DATABASE) {
            self.runtime.block_on(async { drop(site.take()) });
        }
        let result = self.runtime.block_on(async {
            let site = match &mut site {
                Some(site) => site,
                none => none.insert(Site::open().await),
            };
            let result = pair.judge(number, site).await;
            site.drop(&["random_one", "random_other"])
                .await
                .map_err(TestCaseError::fail)?;
            result
        });
        self.site.set(site);
        result
    }
}

impl Pair {
    async fn judge(&self, number: usize, site: &Site) -> Result<(), TestCaseError> {
        let one = self.build("random_one", &self.before, site).await?;
        let other = self.build("random_other", &self.after, site).await?;
        let fails = |message: String| TestCaseError::fail(format!("{message}\n{}", self.told()));
        let there_and_back = self.there_and_back(number, site, &one, &other);
        there_and_back.await.map_err(fails)
    }

    async fn build(
        &self,
        name: &str,
        definition: &SchemaDefinition,
        site: &Site,
    ) -> Result<Namespace, TestCaseError> {
        let built = site
            .build(name, &schema::statements(definition).join(";\n"))
            .await;
        // The generator does not know all that PostgreSQL refuses.
        let schema = built.map_err(TestCaseError::reject)?;
        let rows = seeds::rows(definition, &mut Choices::new(&self.rows));
        site.run_in(name, &rows)
            .await
            .map_err(TestCaseError::fail)?;
        Ok(schema)
    }

    async fn there_and_back(
        &self,
        number: usize,
        site: &Site,
        one: &Namespace,
        other: &Namespace,
    ) -> Result<(), String> {
        let read = site.read(&[one.clone(), other.clone()]).await?;
        let is_dumped = number.is_multiple_of(DUMPED);
        let online = if number.is_multiple_of(2) {
            Online::Never
        } else {
            Online::Always
        };
        let ends = [(&self.before, &read[0]), (&self.after, &read[1])];
        let [first, last] = ends;
        let before = is_dumped.then(|| dump(&site.database, &["random_one"]));
        let before = before.transpose()?.unwrap_or_default();
        let now = go(site, one, (first.0, &read[0]), last, online, false).await?;
        if is_dumped {
            let dumps = dump(&site.database, &["random_one", "random_other"])?;
            if let Some(difference) = dumps["random_one"].difference(&dumps["random_other"]) {
                return Err(format!("pg_dump differs:\n{difference}"));
            }
        }
        go(site, one, (last.0, &now), first, online, false).await?;
        if is_dumped
            && let Some(difference) = dump(&site.database, &["random_one"])?["random_one"]
                .difference(&before["random_one"])
        {
            return Err(format!("pg_dump differs on the way back:\n{difference}"));
        }
        Ok(())
    }

    fn told(&self) -> String {
        let text = |definition| schema::statements(definition).join(";\n");
        format!(
            "From:\n{};\nTo:\n{};",
            text(&self.before),
            text(&self.after)
        )
    }
}

/// Turns the schema into the target. Where rows are in the way, as a refusal or a hazard has said, they are removed, and
/// then it has to go.
async fn go(
    site: &Site,
    schema: &Namespace,
    (from, live): (&SchemaDefinition, &LiveSchema),
    (to, target): (&SchemaDefinition, &LiveSchema),
    online: Online,
    is_retried: bool,
) -> Result<LiveSchema, String> {
    let changing = changing_columns(from, to);
    let target_columns = columns_of(to);
    let transition = Transition {
        site,
        schema,
        live,
        target,
        target_columns: &target_columns,
        renames: Vec::new(),
        online,
        rows_may_change: &changing,
    };
    let mut plan = transition.plan().await?;
    if !plan.refusals.is_empty() {
        let is_without_reason = |refusal: &&Refusal| refusal.count == Some(0);
        if let Some(refusal) = plan.refusals.iter().find(is_without_reason) {
            return Err(format!("refused for no row: {refusal:?}"));
        }
        site.run_in(schema.as_str(), &truncate(schema, site).await)
            .await?;
        plan = transition.plan().await?;
        if !plan.refusals.is_empty() {
            return Err(format!(
                "refused though there are no rows:\n{}",
                told(&plan)
            ));
        }
    }
    let with_plan = |message: String| format!("{message}\nThe plan:\n{}", told(&plan));
    let was_foretold = |plan: &Plan| {
        plan.hazards()
            .any(|hazard| hazard.kind == HazardKind::MayFailOnData)
    };
    match transition.carry_out(&plan).await {
        Ok(now) => Ok(now),
        Err(Failure::Step(message)) if was_foretold(&plan) && !is_retried => {
            site.run_in(schema.as_str(), &truncate(schema, site).await)
                .await?;
            let read = site.read(std::slice::from_ref(schema)).await?;
            let again = go(site, schema, (from, &read[0]), (to, target), online, true);
            Box::pin(again)
                .await
                .map_err(|second| with_plan(format!("{message}\nand without rows: {second}")))
        }
        Err(failure) => Err(with_plan(failure.text())),
    }
}

/// A statement that empties all tables that are there now.
async fn truncate(schema: &Namespace, site: &Site) -> String {
    EMPTIED.fetch_add(1, Ordering::Relaxed);
    let tables = rows::columns(schema.as_str(), &site.client).await;
    let names: Vec<String> = tables.into_keys().collect();
    if names.is_empty() {
        return String::new();
    }
    format!("TRUNCATE {}", quote_identifiers(&names))
}

fn columns_of(schema: &SchemaDefinition) -> rows::Columns {
    let names =
        |columns: &[ColumnDefinition]| columns.iter().map(|column| column.name.clone()).collect();
    let tables = schema.tables.iter();
    tables
        .map(|table| (table.name.clone(), names(&table.columns)))
        .collect()
}

/// Columns whose values may change, since their type or what they are generated from does.
fn changing_columns(from: &SchemaDefinition, to: &SchemaDefinition) -> Vec<String> {
    let mut changing = Vec::new();
    for table in &to.tables {
        let is_retyped = from.table(&table.name).is_some_and(|before| {
            let types = |column: &ColumnDefinition| {
                let known = before.column(&column.name);
                known.is_some_and(|known| known.sql_type != column.sql_type)
            };
            table.columns.iter().any(types)
        });
        for column in &table.columns {
            let before = from
                .table(&table.name)
                .and_then(|table| table.column(&column.name));
            let is_kept = |before: &ColumnDefinition| {
                before.sql_type == column.sql_type
                    && (column.generated.is_none()
                        || before.generated == column.generated && !is_retyped)
            };
            if before.is_some_and(|before| !is_kept(before)) {
                changing.push(format!("{}.{}", table.name, column.name));
            }
        }
    }
    changing
}
