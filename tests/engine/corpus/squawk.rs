//! The plans of the corpus as scripts, for the linter that `tests/engine/squawk` runs over them.

use std::fs;
use std::path::{Path, PathBuf};

use rowhouse::provisioner::plan::Plan;
use rowhouse::provisioner::plan::hazard::Hazard;
use rowhouse::provisioner::planner::Online;
use serde_json::{Value, json};

use super::{Case, Run, Sides, cases, rows, transition};
use crate::site::Site;

/// Below the directory that cargo builds in.
fn directory() -> PathBuf {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    temporary.parent().unwrap().join("squawk")
}

#[ignore = "writes files for another program"]
#[tokio::test]
async fn the_plans_of_the_corpus_are_written_for_squawk() {
    let directory = directory();
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    let site = Site::open().await;
    for (number, case) in cases().iter().enumerate() {
        let sides = case.build(number, &site).await.unwrap();
        for run in &sides.runs {
            if let (Online::Always, Some(plan)) = (run.online, case.plan(run, &sides, &site).await)
            {
                let way = if run.is_forward {
                    "forward"
                } else {
                    "backward"
                };
                let name = directory.join(format!("{}.{way}", case.name));
                let script = plan.script(&run.schema);
                fs::write(
                    name.with_extension(format!("{way}.json")),
                    steps(&plan, &script),
                )
                .unwrap();
                fs::write(name.with_extension(format!("{way}.sql")), script).unwrap();
            }
        }
        let names = sides.runs.iter().map(|run| run.schema.as_str());
        let names: Vec<_> = names
            .chain([sides.from.as_str(), sides.to.as_str()])
            .collect();
        site.drop(&names).await.unwrap();
    }
}

impl Case {
    /// The plan of a run; none when there is none that can be applied.
    async fn plan(&self, run: &Run, sides: &Sides, site: &Site) -> Option<Plan> {
        let target = if run.is_forward {
            &sides.to
        } else {
            &sides.from
        };
        let both = [run.schema.clone(), target.clone()];
        let read = site.read(&both).await.unwrap();
        let columns = rows::columns(target.as_str(), &site.client).await;
        let direction = self.direction(run.is_forward);
        let planned = transition(run, &read, &columns, direction, site)
            .plan()
            .await;
        let plan = planned.ok()?;
        (plan.refusals.is_empty() && !plan.is_empty()).then_some(plan)
    }
}

/// The lines of each step in the script, and the hazards that it reports.
fn steps(plan: &Plan, script: &str) -> String {
    let mut at = 0;
    let lines = |end: usize| script[..end].matches('\n').count() + 1;
    let mut steps: Vec<Value> = Vec::new();
    for (number, transaction) in plan.transactions.iter().enumerate() {
        for step in &transaction.steps {
            let begin = at + script[at..].find(&format!("{};\n", step.sql)).unwrap();
            at = begin + step.sql.len();
            let kind = |hazard: &Hazard| hazard.kind;
            steps.push(json!({
                "transaction": number,
                "first_line": lines(begin),
                "last_line": lines(at),
                "sql": step.sql,
                "hazards": step.hazards.iter().map(kind).collect::<Vec<_>>(),
            }));
        }
    }
    serde_json::to_string_pretty(&steps).unwrap()
}
