//! The gate: what a plan must meet before its first step.

use connection::PlatformConn;
use diesel::QueryResult;

use crate::provisioner::ProvisionError;
use crate::provisioner::introspect::fingerprints;
use crate::provisioner::namespace::Namespace;
use crate::provisioner::plan::hazard::HazardKind;
use crate::provisioner::plan::step::Step;
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
        return Err(ProvisionError::Forbidden {
            steps: dangerous(plan, &forbidden),
            kinds: forbidden,
        });
    }
    Ok(())
}

/// The steps with a hazard of these kinds that somebody has to allow, in words.
fn dangerous(plan: &Plan, kinds: &[HazardKind]) -> Vec<String> {
    let of_step = |step: &Step| {
        let hazards = step.hazards.iter();
        let mut names: Vec<_> = hazards
            .filter(|hazard| hazard.gated && kinds.contains(&hazard.kind))
            .map(|hazard| hazard.kind.name())
            .collect();
        names.dedup();
        (!names.is_empty()).then(|| format!("{} ({})", step.name, names.join(", ")))
    };
    plan.steps().filter_map(of_step).collect()
}

/// Fingerprint of a schema as it is now.
pub(in crate::provisioner) async fn live_fingerprint(
    schema: &Namespace,
    conn: &PlatformConn,
) -> QueryResult<Fingerprint> {
    let live = fingerprints(std::slice::from_ref(schema), conn).await?;
    Ok(live.into_iter().next().unwrap_or_default())
}
