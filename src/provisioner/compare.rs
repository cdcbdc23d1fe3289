//! Comparing any two schemas of the database, tenants' or anybody's.

use super::introspect::introspect;
use super::namespace::Namespace;
use super::plan::Plan;
use super::planner::{self, PlanOptions};
use super::{ProvisionError, Provisioner, rename_check};

/// The way from one schema to another.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The schema that the plan is for.
    pub from: Namespace,
    /// The schema that it becomes like.
    pub to: Namespace,
    /// The plan.
    pub plan: Plan,
}

impl Provisioner {
    /// Plans what would make the schema `from` like the schema `to`. Nothing is changed.
    ///
    /// # Errors
    /// `UnknownSchema`, `Rename`, or a failure of the database. What cannot be changed is in the plan's refusals.
    pub async fn compare(
        &self,
        from: &str,
        to: &str,
        options: &PlanOptions,
    ) -> Result<Comparison, ProvisionError> {
        let mut conn = self.connector.connect().await?;
        let (from, to) = (
            Namespace::find(from, &conn).await?,
            Namespace::find(to, &conn).await?,
        );
        let read = introspect(&[from.clone(), to.clone()], &conn).await?;
        let [live, desired] = read.as_slice() else {
            return Err(diesel::result::Error::NotFound.into());
        };
        rename_check::check(&options.renames, &live.structure, &desired.structure)?;
        let plan = planner::plan(live, desired, &from, options, &mut conn).await?;
        Ok(Comparison { from, to, plan })
    }
}
