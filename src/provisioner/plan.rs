//! The plan: ordered steps that turn one structure into another, with what each costs and endangers.
//!
//! A plan names no schema: its SQL runs under a `search_path` that holds the schema alone, so one plan serves every schema
//! of the same fingerprint. What is in a plan is decided in `planner.rs`, how it is run in `apply.rs`.

pub mod hazard;
mod script;
pub mod step;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::introspect::UnmanagedObject;
use hazard::{Hazard, HazardKind, Refusal};
use step::Step;

/// Ordered steps from one structure to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What the schema must be like before the first step.
    pub from: Fingerprint,
    /// What it is like after the last one.
    pub to: Fingerprint,
    /// The steps, in groups that are committed together.
    pub transactions: Vec<Transaction>,
    /// Changes that cannot be made; a plan with any of them is not applied.
    pub refusals: Vec<Refusal>,
    /// Objects that the engine does not manage and leaves alone.
    pub unmanaged: Vec<UnmanagedObject>,
    /// Tables whose columns stand in another order than wished for, which no step mends.
    pub column_orders: Vec<ColumnOrder>,
}

/// A hash of a schema's structure and one of the order of its columns, 64 hexadecimal digits each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// Equal exactly when the structures are equal, whatever the schema's name and the order of its columns.
    pub structure: String,
    /// Equal exactly when all tables have their columns in the same order.
    pub column_order: String,
}

/// Steps that are committed together, or one step that cannot be in a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// Whether the steps run between `BEGIN` and `COMMIT`. Otherwise there is one step, which commits by itself.
    pub atomic: bool,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// A table whose columns stand in another order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnOrder {
    /// The table.
    pub table: String,
    /// Its columns as they will stand.
    pub actual: Vec<String>,
    /// Its columns as they are wished for.
    pub desired: Vec<String>,
}

impl Plan {
    /// All steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        (self.transactions.iter()).flat_map(|transaction| &transaction.steps)
    }

    /// Whether nothing is to be done and nothing is refused.
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty() && self.refusals.is_empty()
    }

    /// The hazards of all steps, in order.
    pub fn hazards(&self) -> impl Iterator<Item = &Hazard> {
        self.steps().flat_map(|step| &step.hazards)
    }

    /// Kinds of hazard that somebody has to allow and `allowed` does not hold, each once.
    pub fn forbidden(&self, allowed: &[HazardKind]) -> Vec<HazardKind> {
        let gated = self.hazards().filter(|hazard| hazard.gated);
        let mut kinds: Vec<_> = gated
            .map(|hazard| hazard.kind)
            .filter(|kind| !allowed.contains(kind))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}
