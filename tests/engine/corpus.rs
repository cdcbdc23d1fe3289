//! The corpus: transitions written by hand, each run in both directions and in both forms.
//!
//! A case is a directory of `cases` with the two sides as SQL and what is expected beyond convergence. Its name begins with
//! that of its group; each group is a test with a database of its own.

mod squawk;

use std::fs;
use std::path::{Path, PathBuf};

use rowhouse::provisioner::introspect::LiveSchema;
use rowhouse::provisioner::namespace::Namespace;
use rowhouse::provisioner::plan::Plan;
use rowhouse::provisioner::planner::Online;

use super::dump::{Dump, dump};
use super::expectation::{Direction, Expectation};
use super::judge::{Transition, told};
use super::rows::{self, Columns};
use super::site::Site;

macro_rules! groups {
    ($($group:ident,)+) => {
        /// What the names of cases begin with.
        const GROUPS: &[&str] = &[$(stringify!($group),)+];

        $(
            #[tokio::test]
            async fn $group() {
                run_group(stringify!($group)).await;
            }
        )+
    };
}

groups! {
    checks, columns, comments, defaults, enums, foreign_keys, generated, identities, indexes, names, not_null,
    primary_keys, renames, sequences, tables, types, uniques, unmanaged,
}

/// The smallest number of cases that the corpus has to have.
const FEWEST: usize = 160;

#[test]
fn every_case_is_in_exactly_one_group() {
    let cases = cases();
    let is_of = |case: &Case, group: &str| case.is_of(group);
    for case in &cases {
        let groups = GROUPS.iter().filter(|group| is_of(case, group));
        assert_eq!(groups.count(), 1, "{}", case.name);
    }
    for group in GROUPS {
        assert!(
            cases.iter().any(|case| is_of(case, group)),
            "{group} has no case"
        );
    }
    assert!(cases.len() >= FEWEST, "{} cases", cases.len());
}

/// One transition.
struct Case {
    name: String,
    from: String,
    to: String,
    expectation: Expectation,
}

/// The schemas of a case: the two sides, which stay, and a copy for each run.
struct Sides {
    from: Namespace,
    to: Namespace,
    runs: Vec<Run>,
}

/// One way through a case.
struct Run {
    schema: Namespace,
    is_forward: bool,
    online: Online,
}

/// What became of a run.
enum End {
    /// It was refused, as expected.
    Refused,
    /// The schema is what it should be, as far as the engine sees.
    Converged,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/cases")
}

fn cases() -> Vec<Case> {
    let entries = fs::read_dir(directory()).unwrap();
    let mut cases: Vec<_> = entries
        .map(|entry| Case::read(&entry.unwrap().path()))
        .collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

async fn run_group(group: &str) {
    let site = Site::open().await;
    let mut failures = Vec::new();
    for (number, case) in cases().iter().filter(|case| case.is_of(group)).enumerate() {
        failures.extend(case.run(number, &site).await);
    }
    let failed = failures.len();
    assert!(
        failed == 0,
        "{failed} failures in {group}\n\n{}",
        failures.join("\n\n")
    );
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = |file: &str| {
            let path = path.join(file);
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let expectation = toml::from_str(&text("expect.toml"));
        Self {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            from: text("from.sql"),
            to: text("to.sql"),
            expectation: expectation.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        }
    }

    fn is_of(&self, group: &str) -> bool {
        let rest = self.name.strip_prefix(group);
        rest.is_some_and(|rest| rest.starts_with('_'))
    }

    /// Runs the case in all ways, and tells which failed.
    async fn run(&self, number: usize, site: &Site) -> Vec<String> {
        let told = |message: String| {
            let title = &self.expectation.title;
            format!("==== {}: {title}\n{message}", self.name)
        };
        let failures = match self.build(number, site).await {
            Err(message) => vec![message],
            Ok(sides) => {
                let failures = self.run_all(&sides, site).await;
                let names = sides.runs.iter().map(|run| run.schema.as_str());
                let names: Vec<_> = names
                    .chain([sides.from.as_str(), sides.to.as_str()])
                    .collect();
                site.drop(&names).await.unwrap();
                failures
            }
        };
        failures.into_iter().map(told).collect()
    }

    async fn build(&self, number: usize, site: &Site) -> Result<Sides, String> {
        let name = |side: &str| format!("case_{number}_{side}");
        let mut runs = Vec::new();
        for (side, is_forward, online) in [
            ("forward_plain", true, Online::Never),
            ("forward_online", true, Online::Always),
            ("backward_plain", false, Online::Never),
            ("backward_online", false, Online::Always),
        ] {
            let sql = if is_forward { &self.from } else { &self.to };
            let schema = site.build(&name(side), sql).await?;
            runs.push(Run {
                schema,
                is_forward,
                online,
            });
        }
        Ok(Sides {
            from: site.build(&name("from"), &self.from).await?,
            to: site.build(&name("to"), &self.to).await?,
            runs,
        })
    }

    async fn run_all(&self, sides: &Sides, site: &Site) -> Vec<String> {
        let (mut failures, mut ends) = (Vec::new(), Vec::new());
        for run in &sides.runs {
            match self.run_one(run, sides, site).await {
                Ok(end) => ends.push((run, end)),
                Err(message) => failures.push(format!("{}\n{message}", run.way())),
            }
        }
        failures.extend(compare_dumps(sides, &ends, site));
        failures
    }

    async fn run_one(&self, run: &Run, sides: &Sides, site: &Site) -> Result<End, String> {
        let target = if run.is_forward {
            &sides.to
        } else {
            &sides.from
        };
        let read = site.read(&[run.schema.clone(), target.clone()]).await?;
        let columns = rows::columns(target.as_str(), &site.client).await;
        let direction = self.direction(run.is_forward);
        let transition = transition(run, &read, &columns, direction, site);
        let planned = transition.plan().await;
        if let Some(part) = &direction.planning_fails {
            return match planned {
                Err(error) if error.contains(part) => Ok(End::Refused),
                other => Err(format!("planning does not fail with `{part}`: {other:?}")),
            };
        }
        let plan = planned?;
        let with_plan = |message: String| format!("{message}\nThe plan:\n{}", told(&plan));
        if let Some(complaint) = self.complaint(&plan, run) {
            return Err(with_plan(complaint));
        }
        if direction.refused.is_some() {
            return Ok(End::Refused);
        }
        let carried_out = transition.carry_out(&plan).await;
        carried_out.map_err(|failure| with_plan(failure.text()))?;
        after_all(direction, run.schema.as_str(), site)
            .await
            .map_err(with_plan)?;
        Ok(End::Converged)
    }

    fn direction(&self, is_forward: bool) -> &Direction {
        if is_forward {
            &self.expectation.forward
        } else {
            &self.expectation.backward
        }
    }

    fn complaint(&self, plan: &Plan, run: &Run) -> Option<String> {
        if self.expectation.same && !plan.is_empty() {
            return Some("there is a plan between two equal structures".to_owned());
        }
        if !self.expectation.same && plan.is_empty() {
            return Some("there is no plan between two structures that differ".to_owned());
        }
        self.direction(run.is_forward).complaint(plan, run.online)
    }
}

impl Run {
    fn way(&self) -> String {
        let direction = if self.is_forward {
            "forward"
        } else {
            "backward"
        };
        format!("---- {direction}, online {:?}", self.online)
    }
}

fn transition<'a>(
    run: &'a Run,
    read: &'a [LiveSchema],
    target_columns: &'a Columns,
    direction: &'a Direction,
    site: &'a Site,
) -> Transition<'a> {
    Transition {
        site,
        schema: &run.schema,
        live: &read[0],
        target: &read[1],
        target_columns,
        renames: (direction.renames.iter())
            .map(|rename| rename.parse().unwrap())
            .collect(),
        online: run.online,
        rows_may_change: &direction.rows_may_change,
    }
}

/// Runs the statements that have to work, or to fail, when all is done; none of them leaves anything.
async fn after_all(direction: &Direction, schema: &str, site: &Site) -> Result<(), String> {
    for sql in &direction.then {
        let done = site.run_in(schema, &format!("BEGIN; {sql}")).await;
        site.run("ROLLBACK").await?;
        done.map_err(|error| format!("a statement fails afterwards: {error}"))?;
    }
    for sql in &direction.then_fails {
        let done = site.run_in(schema, &format!("BEGIN; {sql}")).await;
        site.run("ROLLBACK").await?;
        if done.is_ok() {
            return Err(format!("a statement works afterwards: {sql}"));
        }
    }
    Ok(())
}

/// Holds what `pg_dump` says of the schemas at the end against what it says of the sides.
fn compare_dumps(sides: &Sides, ends: &[(&Run, End)], site: &Site) -> Vec<String> {
    let schemas = ends.iter().map(|(run, _)| run.schema.as_str());
    let schemas: Vec<_> = schemas
        .chain([sides.from.as_str(), sides.to.as_str()])
        .collect();
    let dumps = match dump(&site.database, &schemas) {
        Ok(dumps) => dumps,
        Err(error) => return vec![format!("pg_dump fails: {error}")],
    };
    let compare = |(run, end): &(&Run, End)| {
        let (start, target) = if run.is_forward {
            (&dumps[sides.from.as_str()], &dumps[sides.to.as_str()])
        } else {
            (&dumps[sides.to.as_str()], &dumps[sides.from.as_str()])
        };
        let is = &dumps[run.schema.as_str()];
        let difference = end.difference(is, start, target)?;
        Some(format!("{}\npg_dump differs:\n{difference}", run.way()))
    };
    ends.iter().filter_map(compare).collect()
}

impl End {
    fn difference(&self, is: &Dump, start: &Dump, target: &Dump) -> Option<String> {
        let should = match self {
            Self::Refused => start,
            Self::Converged => target,
        };
        let unmanaged = || is.unmanaged_difference(start);
        is.difference(should).or_else(unmanaged)
    }
}
