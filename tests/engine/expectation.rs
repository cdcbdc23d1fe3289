//! What a case of the corpus expects beyond convergence: its `expect.toml`.

use rowhouse::provisioner::introspect::UnmanagedObject;
use rowhouse::provisioner::plan::Plan;
use rowhouse::provisioner::plan::hazard::HazardKind;
use rowhouse::provisioner::planner::Online;
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    /// What the case is about, as a sentence.
    pub(crate) title: String,
    /// Whether the two sides are the same structure, written in two ways.
    #[serde(default)]
    pub(crate) same: bool,
    /// From `from.sql` to `to.sql`.
    #[serde(default)]
    pub(crate) forward: Direction,
    /// From `to.sql` to `from.sql`.
    #[serde(default)]
    pub(crate) backward: Direction,
}

/// What one direction expects. Nothing said: it converges, and keeps all rows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Direction {
    /// Kinds of hazard that the plan has to report.
    must_report: Vec<HazardKind>,
    /// Kinds of hazard that the plan must not report.
    must_not_report: Vec<HazardKind>,
    /// A part of a refusal's text. The plan is not applied then, and the schema stays.
    pub(crate) refused: Option<String>,
    /// A part of the error with which planning fails. The schema stays.
    pub(crate) planning_fails: Option<String>,
    /// Renames as the command line takes them.
    pub(crate) renames: Vec<String>,
    /// Columns `table.column` whose values may change.
    pub(crate) rows_may_change: Vec<String>,
    /// Parts that some step's SQL has, in both forms of the plan.
    steps_contain: Vec<String>,
    /// Parts that no step's SQL has, in both forms of the plan.
    steps_lack: Vec<String>,
    /// Parts that some step's SQL has when all changes are made online.
    online_steps_contain: Vec<String>,
    /// Parts that no step's SQL has when all changes are made online.
    online_steps_lack: Vec<String>,
    /// Objects that the plan has to name as none of the engine's: `view active_notes`.
    unmanaged: Vec<String>,
    /// Tables whose columns the plan has to call out of order.
    column_orders: Vec<String>,
    /// Statements that have to work afterwards.
    pub(crate) then: Vec<String>,
    /// Statements that have to fail afterwards.
    pub(crate) then_fails: Vec<String>,
}

impl Direction {
    /// What of this the plan does not fulfil, one a line; none when it fulfils all.
    pub(crate) fn complaint(&self, plan: &Plan, online: Online) -> Option<String> {
        let mut complaints = self.about_hazards(plan);
        complaints.extend(self.about_refusals(plan));
        complaints.extend(self.about_reports(plan));
        if self.refused.is_none() {
            complaints.extend(self.about_steps(plan, online));
        }
        (!complaints.is_empty()).then(|| complaints.join("\n"))
    }

    fn about_hazards(&self, plan: &Plan) -> Vec<String> {
        let reports = |kind: &HazardKind| plan.hazards().any(|hazard| hazard.kind == *kind);
        let missing = self.must_report.iter().filter(|kind| !reports(kind));
        let missing = missing.map(|kind| format!("the hazard {kind} is not reported"));
        let wrong = self.must_not_report.iter().filter(|kind| reports(kind));
        let wrong = wrong.map(|kind| format!("the hazard {kind} is reported"));
        missing.chain(wrong).collect()
    }

    fn about_refusals(&self, plan: &Plan) -> Option<String> {
        let told: Vec<String> = (plan.refusals.iter())
            .map(|refusal| format!("{}: {}", refusal.object, refusal.reason))
            .collect();
        match &self.refused {
            None if !told.is_empty() => Some(format!("refused: {told:#?}")),
            Some(part) if !told.iter().any(|text| text.contains(part)) => {
                Some(format!("no refusal contains `{part}`: {told:#?}"))
            }
            _ => None,
        }
    }

    fn about_reports(&self, plan: &Plan) -> Vec<String> {
        let name = |object: &UnmanagedObject| format!("{} {}", object.kind, object.name);
        let named: Vec<String> = plan.unmanaged.iter().map(name).collect();
        let unnamed = self.unmanaged.iter().filter(|name| !named.contains(name));
        let unnamed = unnamed.map(|name| format!("`{name}` is not among the unmanaged: {named:?}"));
        let disordered =
            |table: &String| (plan.column_orders.iter()).any(|order| order.table == *table);
        let missing = self.column_orders.iter().filter(|table| !disordered(table));
        let missing = missing.map(|table| format!("the column order of {table} is not reported"));
        unnamed.chain(missing).collect()
    }

    fn about_steps(&self, plan: &Plan, online: Online) -> Vec<String> {
        let contains = |part: &String| plan.steps().any(|step| step.sql.contains(part.as_str()));
        let is_online = online == Online::Always;
        let of_online = |parts: &'_ [String]| {
            if is_online {
                parts.to_vec()
            } else {
                Vec::new()
            }
        };
        let wanted = [
            self.steps_contain.clone(),
            of_online(&self.online_steps_contain),
        ]
        .concat();
        let unwanted = [self.steps_lack.clone(), of_online(&self.online_steps_lack)].concat();
        let missing = wanted.into_iter().filter(|part| !contains(part));
        let missing = missing.map(|part| format!("no step contains `{part}`"));
        let wrong = unwanted.into_iter().filter(|part| contains(part));
        missing
            .chain(wrong.map(|part| format!("a step contains `{part}`")))
            .collect()
    }
}
