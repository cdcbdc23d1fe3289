//! What keeps a plan from being applied at all.

use rowhouse::provisioner::ProvisionError;
use rowhouse::provisioner::apply::options::ApplyOptions;
use rowhouse::provisioner::plan::hazard::{Hazard, HazardKind, Refusal};
use rowhouse::provisioner::plan::{Fingerprint, Plan};

use super::{Site, atomic};

#[tokio::test]
async fn a_stale_plan_is_refused_and_nothing_is_done() {
    let site = Site::with_bikes().await;
    let transactions = vec![atomic(&["ALTER TABLE bikes ADD colour text"])];
    let plan = Plan {
        from: Fingerprint {
            structure: "0".repeat(64),
            ..Fingerprint::default()
        },
        ..site.plan(transactions).await
    };
    let error = site.refusal(&plan).await;
    assert!(matches!(error, ProvisionError::StalePlan(_)), "{error}");
    assert!(error.to_string().contains("`depot`"), "{error}");
    assert_eq!(site.columns().await, ["id", "gears"]);
}

#[tokio::test]
async fn a_hazard_is_refused_until_it_is_allowed() {
    let site = Site::with_bikes().await;
    let mut transaction = atomic(&["ALTER TABLE bikes DROP gears"]);
    transaction.steps[0].hazards = vec![Hazard {
        kind: HazardKind::DeletesData,
        detail: "the column's values are gone".to_owned(),
        count: Some(1),
        gated: true,
    }];
    let plan = site.plan(vec![transaction]).await;
    let error = site.refusal(&plan).await;
    assert!(
        matches!(&error, ProvisionError::Forbidden { kinds, .. } if *kinds == [HazardKind::DeletesData])
    );
    assert!(
        error.to_string().contains("`--allow deletes-data`"),
        "{error}"
    );
    assert_eq!(site.columns().await, ["id", "gears"]);
    assert_eq!(site.runs().await, Vec::<String>::new());

    let allowing = ApplyOptions {
        allow: vec![HazardKind::DeletesData],
        ..ApplyOptions::default()
    };
    site.apply(&plan, &allowing).await.unwrap();
    assert_eq!(site.columns().await, ["id"]);
}

#[tokio::test]
async fn a_plan_with_a_change_that_cannot_be_made_is_refused_by_name() {
    let site = Site::with_bikes().await;
    let refusal = Refusal {
        object: "column bikes.gears".to_owned(),
        reason: "rows hold no number".to_owned(),
        count: Some(3),
        sample: Some("id 7".to_owned()),
    };
    let plan = Plan {
        refusals: vec![refusal],
        ..site.plan(vec![atomic(&["DROP TABLE bikes"])]).await
    };
    let error = site.refusal(&plan).await;
    let expected = "column bikes.gears: rows hold no number (3 rows, such as id 7)";
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!(site.columns().await, ["id", "gears"]);
}
