//! The gate: what a plan must meet before its first step.

use connection::PlatformConn;
use diesel::QueryResult;

use crate::provisioner::ProvisionError;
use crate::provisioner::introspect::introspect;
use crate::provisioner::namespace::Namespace;
use crate::provisioner::plan::hazard::HazardKind;
use crate::provisioner::plan::{Fingerprint, Plan};

/// Refuses a plan with changes that cannot be made, or with hazards that nobody allowed.
pub(in crate::provisioner) fn check(
    plan: &Plan,
    allow: &[HazardKind],
) -> Result<(), ProvisionError> {
    if !plan.refusals.is_empty() {
        return Err(ProvisionError::Refused(plan.refusals.clone()));
    }
    let forbidden = plan.forbidden(allow);
    if !forbidden.is_empty() {
        return Err(ProvisionError::Forbidden(forbidden));
    }
    Ok(())
}

/// Fingerprint of a schema as it is now.
pub(in crate::provisioner) async fn live_fingerprint(
    schema: &Namespace,
    conn: &PlatformConn,
) -> QueryResult<Fingerprint> {
    let read = introspect(std::slice::from_ref(schema), conn).await?;
    let live = read.into_iter().next();
    Ok(live.map(|live| live.fingerprint).unwrap_or_default())
}
