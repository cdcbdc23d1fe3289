//! What whoever applies a plan decides, and what it is told on the way.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::provisioner::plan::hazard::HazardKind;

/// How a plan is applied.
#[derive(Debug, Clone)]
pub struct ApplyOptions {
    /// Kinds of hazard that are accepted.
    pub allow: Vec<HazardKind>,
    /// The run that the steps are recorded in, which the caller began and ends. Without one, apply records its own.
    pub run: Option<Uuid>,
    /// Who asks, for a run of apply's own: `api` or `cli`.
    pub requested_by: String,
    /// Version of the catalog that the plan leads to, to be recorded with the tenant.
    pub version: Option<String>,
    /// How long to try for the lock of the schema.
    pub busy_patience: Duration,
    /// How long to try for the locks of one transaction or batch.
    pub lock_patience: Duration,
    /// Who is told how it goes.
    pub observer: Option<Observer>,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            run: None,
            requested_by: "cli".to_owned(),
            version: None,
            busy_patience: Duration::from_secs(10),
            lock_patience: Duration::from_mins(1),
            observer: None,
        }
    }
}

/// Is told how it goes, between statements. It must not take long.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(&StepEvent) + Send + Sync>);

impl Observer {
    /// Tells `tell`.
    pub fn new(tell: impl Fn(&StepEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Passes an event on.
    pub(super) fn tell(&self, event: &StepEvent) {
        (self.0)(event);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Observer")
    }
}

/// What happens to steps. `position` is the step's place in the plan, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEvent {
    /// The plan is begun, or gone on with.
    Planned {
        /// Names of its steps.
        steps: Vec<String>,
    },
    /// A step begins, for the first time or again.
    Started {
        /// Place in the plan.
        position: usize,
    },
    /// A step was done by an earlier run.
    Skipped {
        /// Place in the plan.
        position: usize,
    },
    /// A lock was not to be had. What its transaction did is rolled back, and tried again after a pause.
    Contended {
        /// Place in the plan.
        position: usize,
        /// What the database said.
        reason: String,
    },
    /// A batch is committed.
    Batch {
        /// Place in the plan.
        position: usize,
        /// First page of the batch.
        page: u32,
        /// First page after the batch.
        next_page: u32,
        /// Pages of the table.
        pages: u32,
        /// Rows that were updated.
        rows: u64,
    },
    /// A step is committed.
    Finished {
        /// Place in the plan.
        position: usize,
        /// How long its statement ran.
        duration: Duration,
    },
}
