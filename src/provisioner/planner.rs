//! The planner: two readings of PostgreSQL's catalog to the plan that turns the first into the second.

pub mod rename;

use connection::PlatformConn;

use super::ProvisionError;
use super::introspect::LiveSchema;
use super::namespace::Namespace;
use super::plan::Plan;
use rename::Rename;

/// What the two readings do not tell.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// What was renamed. Without it, an object of another name is another object.
    pub renames: Vec<Rename>,
    /// When changes take the form that lets readers and writers go on.
    pub online: Online,
}

/// When changes take the form that lets readers and writers go on: more steps, and more time in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Online {
    /// On tables of 8 MiB and more.
    #[default]
    Large,
    /// On all tables.
    Always,
    /// On none.
    Never,
}

/// Plans the way from `from`, which is the structure of `schema` now, to `to`; counts rows in `schema` where a hazard
/// depends on them.
///
/// # Errors
/// Renames that contradict the structures, or a failure of the database. What cannot be changed is in the plan's refusals.
#[expect(clippy::unused_async, reason = "the planner is being written")]
pub async fn plan(
    from: &LiveSchema,
    to: &LiveSchema,
    _schema: &Namespace,
    _options: &PlanOptions,
    _conn: &PlatformConn,
) -> Result<Plan, ProvisionError> {
    Ok(Plan {
        from: from.fingerprint.clone(),
        to: to.fingerprint.clone(),
        transactions: Vec::new(),
        refusals: Vec::new(),
        unmanaged: Vec::new(),
        column_orders: Vec::new(),
    })
}
