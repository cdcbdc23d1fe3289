//! The judge of one transition: plan, apply, read again, and hold the result against the target.

use rowhouse::provisioner::introspect::LiveSchema;
use rowhouse::provisioner::namespace::Namespace;
use rowhouse::provisioner::plan::{Plan, Transaction};
use rowhouse::provisioner::planner::rename::Rename;
use rowhouse::provisioner::planner::{Online, PlanOptions, plan};

use super::executor;
use super::rows::{self, Columns, Moment, Rows, Survivor};
use super::site::Site;

/// Why a plan did not lead to its target.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A step failed.
    Step(String),
    /// All steps ran, and something is not as it should be.
    Result(String),
}

impl Failure {
    /// What happened.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Step(text) | Self::Result(text) => text,
        }
    }
}

/// A schema on its way to a target.
pub(crate) struct Transition<'a> {
    /// Where it happens.
    pub(crate) site: &'a Site,
    /// The schema that is changed.
    pub(crate) schema: &'a Namespace,
    /// What it is now.
    pub(crate) live: &'a LiveSchema,
    /// What it is to be.
    pub(crate) target: &'a LiveSchema,
    /// The columns of the target, asked of the catalog.
    pub(crate) target_columns: &'a Columns,
    /// What was renamed.
    pub(crate) renames: Vec<Rename>,
    /// Which form changes take.
    pub(crate) online: Online,
    /// Columns `table.column` whose values may change.
    pub(crate) rows_may_change: &'a [String],
}

impl Transition<'_> {
    /// The plan, which has to be of a form that can be run.
    pub(crate) async fn plan(&self) -> Result<Plan, String> {
        let plan = self.plan_from(self.live).await?;
        let ends = (&plan.from, &plan.to);
        if ends != (&self.live.fingerprint, &self.target.fingerprint) {
            return Err(format!("the plan leads from and to other states: {ends:?}"));
        }
        match malformed(&plan, self.schema, self.online) {
            Some(complaint) => Err(complaint),
            None => Ok(plan),
        }
    }

    /// Applies the plan and compares what the engine reads then, and the rows, with what they should be.
    pub(crate) async fn carry_out(&self, plan: &Plan) -> Result<LiveSchema, Failure> {
        self.apply(plan).await?;
        self.arrived().await.map_err(Failure::Result)
    }

    /// Applies the plan and compares the rows with what they were.
    pub(crate) async fn apply(&self, plan: &Plan) -> Result<(), Failure> {
        let survivors = self.survivors().await;
        let before = self
            .rows(&survivors, Moment::Before)
            .await
            .map_err(Failure::Result)?;
        let applied = executor::apply(plan, self.schema, &*self.site.conn.lock().await).await;
        applied.map_err(Failure::Step)?;
        let after = self
            .rows(&survivors, Moment::After)
            .await
            .map_err(Failure::Result)?;
        let difference = rows::difference(&before, &after);
        difference.map_or(Ok(()), |difference| Err(Failure::Result(difference)))
    }

    /// Reads the schema again: there must be nothing left to do.
    async fn arrived(&self) -> Result<LiveSchema, String> {
        let read = self.site.read(std::slice::from_ref(self.schema)).await?;
        let [now] = <[LiveSchema; 1]>::try_from(read).unwrap();
        let again = self.plan_from(&now).await?;
        if !again.is_empty() {
            return Err(format!("a second plan is not empty:\n{}", told(&again)));
        }
        if now.fingerprint.structure != self.target.fingerprint.structure {
            let (is, should) = (&now.structure, &self.target.structure);
            return Err(format!(
                "the fingerprints differ:\n  is:     {is:?}\n  should: {should:?}"
            ));
        }
        Ok(now)
    }

    async fn plan_from(&self, live: &LiveSchema) -> Result<Plan, String> {
        let first = std::ptr::eq(live, self.live);
        let options = PlanOptions {
            // What was renamed is renamed by now.
            renames: if first {
                self.renames.clone()
            } else {
                Vec::new()
            },
            online: self.online,
            ..PlanOptions::default()
        };
        let mut conn = self.site.conn.lock().await;
        let planned = plan(live, self.target, self.schema, &options, &mut conn).await;
        planned.map_err(|error| format!("planning fails: {error}"))
    }

    async fn survivors(&self) -> Vec<Survivor> {
        let before = rows::columns(self.schema.as_str(), &self.site.client).await;
        rows::survivors(
            &before,
            self.target_columns,
            &self.renames,
            self.rows_may_change,
        )
    }

    async fn rows(&self, survivors: &[Survivor], moment: Moment) -> Result<Rows, String> {
        rows::read(self.schema.as_str(), survivors, moment, &self.site.client).await
    }
}

/// The plan's SQL, for the message of a failed test.
pub(crate) fn told(plan: &Plan) -> String {
    let steps = |transaction: &Transaction| -> String {
        let frame = if transaction.atomic { "BEGIN" } else { "alone" };
        let steps = transaction.steps.iter();
        let steps = steps.map(|step| format!("  {}\n", step.sql.replace('\n', "\n  ")));
        format!("{frame}\n{}", steps.collect::<String>())
    };
    let refusal =
        |refusal: &rowhouse::provisioner::plan::hazard::Refusal| format!("refused: {refusal:?}\n");
    let steps: String = plan.transactions.iter().map(steps).collect();
    steps + &plan.refusals.iter().map(refusal).collect::<String>()
}

/// Why the plan cannot be run as it says; none when it can.
pub(crate) fn malformed(plan: &Plan, schema: &Namespace, online: Online) -> Option<String> {
    let of_transaction = |transaction: &Transaction| {
        let steps = &transaction.steps;
        let is_concurrent = |sql: &str| sql.contains("INDEX CONCURRENTLY");
        if steps.is_empty() {
            return Some("a transaction has no step".to_owned());
        }
        if !transaction.atomic && steps.len() > 1 {
            return Some("several steps are to run outside a transaction together".to_owned());
        }
        steps.iter().find_map(|step| {
            let sql = &step.sql;
            let wrong = [
                (
                    transaction.atomic && !step.transactional,
                    "cannot be in a transaction and is in one",
                ),
                (
                    transaction.atomic && is_concurrent(sql),
                    "is concurrent and in a transaction",
                ),
                (
                    online == Online::Never && is_concurrent(sql),
                    "is concurrent though nothing is to be online",
                ),
                (sql.contains(schema.as_str()), "names the schema"),
                (drops_more(sql), "drops whatever depends on the object"),
            ];
            let (_, why) = wrong.into_iter().find(|(is_wrong, _)| *is_wrong)?;
            Some(format!("the step `{sql}` {why}"))
        })
    };
    plan.transactions.iter().find_map(of_transaction)
}

/// Whether a statement takes along what depends on its object.
fn drops_more(sql: &str) -> bool {
    sql.contains("DROP ")
        && sql.trim_end_matches(';').trim_end().ends_with(" CASCADE")
        && !sql.contains(" ON DELETE CASCADE")
        && !sql.contains(" ON UPDATE CASCADE")
}
