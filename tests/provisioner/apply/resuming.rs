//! A plan that is applied again after a failure: what was committed is not done twice.

use rowhouse::provisioner::ProvisionError;
use rowhouse::provisioner::apply::options::ApplyOptions;
use rowhouse::provisioner::plan::step::Step;
use rowhouse::provisioner::plan::{Fingerprint, Plan, Transaction};

use super::{Site, atomic, step};

const COLOUR: &str = "ALTER TABLE bikes ADD colour text";
const UNIQUE: &str = "ALTER TABLE bikes ADD CONSTRAINT bikes_gears_key UNIQUE (gears)";
const HAS_UNIQUE: &str = "EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'bikes'::regclass AND conname = 'bikes_gears_key')";

/// Two bikes with the same number of gears, and a plan whose second transaction they forbid.
async fn forbidding() -> (Site, Plan) {
    let site = Site::with_bikes().await;
    site.platform
        .run("INSERT INTO depot.bikes VALUES (1, 7), (2, 7)")
        .await;
    let unique = Transaction {
        atomic: true,
        steps: vec![Step {
            done_when: HAS_UNIQUE.to_owned(),
            ..step(UNIQUE)
        }],
    };
    let lamp = atomic(&["ALTER TABLE bikes ADD lamp text"]);
    let plan = site.plan(vec![atomic(&[COLOUR]), unique, lamp]).await;
    let error = site.refusal(&plan).await;
    assert!(matches!(error, ProvisionError::Step { .. }), "{error}");
    site.platform.run("UPDATE depot.bikes SET gears = id").await;
    (site, plan)
}

#[tokio::test]
async fn a_plan_goes_on_after_what_the_failed_run_has_committed() {
    let (site, plan) = forbidding().await;
    let applied = site.apply(&plan, &ApplyOptions::default()).await.unwrap();
    assert_eq!((applied.steps_skipped, applied.steps_run), (1, 2));
    assert_eq!(site.columns().await, ["id", "gears", "colour", "lamp"]);
}

#[tokio::test]
async fn a_step_that_is_seen_to_be_done_is_not_done_again() {
    let (site, plan) = forbidding().await;
    // As if the process had been killed between the commit and the record of it.
    site.platform
        .run(&format!("SET search_path = depot; {UNIQUE}"))
        .await;
    let applied = site.apply(&plan, &ApplyOptions::default()).await.unwrap();
    assert_eq!((applied.steps_skipped, applied.steps_run), (2, 1));
    assert_eq!(site.columns().await, ["id", "gears", "colour", "lamp"]);
}

#[tokio::test]
async fn only_the_same_plan_goes_on() {
    let (site, plan) = forbidding().await;
    let other = Plan {
        from: Fingerprint {
            structure: "2".repeat(64),
            ..Fingerprint::default()
        },
        ..plan
    };
    let error = site
        .apply(&other, &ApplyOptions::default())
        .await
        .unwrap_err();
    assert!(matches!(error, ProvisionError::StalePlan(_)), "{error}");
}

#[tokio::test]
async fn a_run_that_was_cut_off_is_recorded_as_interrupted_by_the_next_one() {
    let site = Site::with_bikes().await;
    site.platform.run("BEGIN; LOCK TABLE depot.bikes").await;
    let plan = site.plan(vec![atomic(&[COLOUR])]).await;
    site.cut_off(&plan, 1).await;
    assert_eq!(site.runs().await, ["apply running"]);

    let applied = site.apply(&plan, &ApplyOptions::default()).await.unwrap();
    assert_eq!(applied.steps_run, 1);
    assert_eq!(
        site.runs().await,
        ["apply failed interrupted", "apply succeeded"]
    );
    let expected = [
        format!("{COLOUR} | failed | interrupted"),
        format!("{COLOUR} | succeeded"),
    ];
    assert_eq!(site.steps().await, expected);
}
