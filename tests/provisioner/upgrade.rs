//! Upgrading, verifying and repairing tenants: to the models from whatever they are, one tenant at a time.

use platform_schema::{Run, RunStep, TenantKey};
use rowhouse::provisioner::ProvisionError;
use rowhouse::provisioner::apply::options::ApplyOptions;
use rowhouse::provisioner::order::{Requester, TenantView};
use rowhouse::provisioner::plan::hazard::HazardKind;
use rowhouse::provisioner::planner::PlanOptions;
use rowhouse::provisioner::upgrade::{UpgradeOptions, Upgraded};
use rowhouse::provisioner::verify::{Change, Verification};
use test_app::{TestPlatform, provision};

use crate::connect;

/// Two tenants, of which the tests change the first.
async fn two() -> (TestPlatform, TenantView, TenantView) {
    let site = TestPlatform::open().await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant;
    let globex = provision(&site.platform, "globex", "mallory").await.tenant;
    (site, acme, globex)
}

fn key(slug: &str) -> TenantKey {
    TenantKey::Slug(slug.parse().unwrap())
}

async fn upgrade_with(
    site: &TestPlatform,
    allow: &[HazardKind],
) -> Result<Upgraded, ProvisionError> {
    let options = UpgradeOptions {
        apply: ApplyOptions {
            allow: allow.to_vec(),
            ..ApplyOptions::default()
        },
        ..UpgradeOptions::default()
    };
    let provisioner = &site.platform.provisioner;
    let requester = Requester::command_line();
    provisioner
        .upgrade(&key("acme"), &options, &requester)
        .await
}

async fn repair(site: &TestPlatform) -> Upgraded {
    let (options, requester) = (UpgradeOptions::default(), Requester::command_line());
    let provisioner = &site.platform.provisioner;
    let repaired = provisioner.repair(&key("acme"), &options, &requester).await;
    repaired.unwrap()
}

async fn verify(site: &TestPlatform, slug: &str) -> Verification {
    let verified = site.platform.provisioner.verify(&key(slug)).await;
    verified.unwrap()
}

/// The differences that verifying finds, in words.
async fn differences(site: &TestPlatform, slug: &str) -> Vec<String> {
    let found = verify(site, slug).await.differences;
    found.iter().map(ToString::to_string).collect()
}

async fn runs(site: &TestPlatform) -> Vec<String> {
    let runs = "SELECT concat_ws(' ', t.slug, kind, r.status) FROM shared.runs r
                  JOIN shared.tenants t ON t.id = r.tenant_id ORDER BY started_at";
    site.texts(runs).await
}

const CREATED: [&str; 2] = ["acme create succeeded", "globex create succeeded"];

#[tokio::test]
async fn upgrading_a_tenant_that_is_current_does_nothing_and_records_nothing() {
    let (site, acme, _) = two().await;
    let upgraded = upgrade_with(&site, &[]).await.unwrap();
    assert_eq!(upgraded.tenant, acme);
    assert_eq!(upgraded.run, None);
    assert_eq!(upgraded.applied.steps_run, 0);
    assert_eq!(runs(&site).await, CREATED);
    let provisioner = &site.platform.provisioner;
    let plan = provisioner
        .plan_tenant(&key("acme"), &PlanOptions::default())
        .await;
    assert!(plan.unwrap().is_empty());
}

#[tokio::test]
async fn an_older_tenant_is_brought_to_the_models_with_rows_rights_and_seeds() {
    let (site, acme, globex) = two().await;
    // As if the models had got a table, a column, an index and a setting since.
    site.run(&format!(
        "SET search_path = {};
         DROP TABLE api_keys CASCADE; ALTER TABLE teams DROP description; DELETE FROM settings;
         RESET search_path;
         UPDATE shared.tenants SET version = 'older', fingerprint = 'older' WHERE slug = 'acme'",
        acme.schema
    ))
    .await;
    let found = differences(&site, "acme").await;
    let expected = [
        "column teams.description is missing",
        "table api_keys is missing",
    ];
    assert!(
        expected
            .iter()
            .all(|text| found.iter().any(|line| line == text)),
        "{found:?}"
    );

    let upgraded = upgrade_with(&site, &[]).await.unwrap();
    assert!(upgraded.applied.steps_run > 0);
    assert_eq!(upgraded.tenant.version, acme.version);
    assert_eq!(upgraded.tenant.fingerprint, acme.fingerprint);
    assert_eq!(differences(&site, "acme").await, Vec::<String>::new());

    let users = format!("SELECT username FROM {}.users", acme.schema);
    assert_eq!(site.texts(&users).await, ["alice"]);
    let right = format!(
        "SELECT has_table_privilege('{0}', '{0}.api_keys', 'INSERT')::text",
        acme.schema
    );
    assert_eq!(site.texts(&right).await, ["true"]);
    let settings = |schema: &str| format!("SELECT key FROM {schema}.settings ORDER BY 1");
    let of_globex = site.texts(&settings(&globex.schema)).await;
    assert_eq!(site.texts(&settings(&acme.schema)).await, of_globex);

    let [one, another] = CREATED;
    assert_eq!(runs(&site).await, [one, another, "acme upgrade succeeded"]);
    let conn = connect(site.url()).await;
    let steps = RunStep::of(upgraded.run.unwrap().id, &conn).await.unwrap();
    assert_eq!(steps.len(), upgraded.applied.steps_run + 3);
    assert!(steps.iter().all(|step| step.finished_at.is_some()));
}

#[tokio::test]
async fn an_upgrade_that_would_delete_data_waits_for_leave_and_reaches_one_tenant() {
    let (site, _, globex) = two().await;
    for schema in site.texts("SELECT schema_name FROM shared.tenants").await {
        site.run(&format!(
            "ALTER TABLE {schema}.users ADD hat text DEFAULT 'bowler'"
        ))
        .await;
    }
    let error = upgrade_with(&site, &[]).await.unwrap_err();
    assert!(
        error.to_string().contains("users.hat (deletes-data)"),
        "{error}"
    );
    assert_eq!(runs(&site).await, CREATED);

    upgrade_with(&site, &[HazardKind::DeletesData])
        .await
        .unwrap();
    assert_eq!(differences(&site, "acme").await, Vec::<String>::new());
    assert_eq!(
        differences(&site, "globex").await,
        ["column users.hat should not be there"]
    );
    let hats = format!("SELECT hat FROM {}.users", globex.schema);
    assert_eq!(site.texts(&hats).await, ["bowler"]);
}

#[tokio::test]
async fn an_upgrade_that_fails_is_recorded_and_can_be_repeated() {
    let (site, acme, _) = two().await;
    // The role is not the upgrade's to make: its rights cannot be granted.
    let schema = &acme.schema;
    site.run(&format!(
        "DROP TABLE {schema}.api_keys CASCADE; DROP OWNED BY {schema}; DROP ROLE {schema}"
    ))
    .await;
    let error = upgrade_with(&site, &[]).await.unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
    let [one, another] = CREATED;
    assert_eq!(runs(&site).await, [one, another, "acme upgrade failed"]);

    assert_eq!(repair(&site).await.tenant.fingerprint, acme.fingerprint);
    let right = format!(
        "SELECT has_table_privilege('{0}', '{0}.api_keys', 'INSERT')::text",
        acme.schema
    );
    assert_eq!(site.texts(&right).await, ["true"]);
    assert_eq!(
        runs(&site).await,
        [one, another, "acme upgrade failed", "acme repair succeeded"]
    );
}

#[tokio::test]
async fn a_registry_that_missed_the_last_upgrade_is_put_right() {
    let (site, acme, _) = two().await;
    // As after a process that was killed between the last commit and its record.
    site.run(
        "UPDATE shared.tenants SET version = 'older', fingerprint = 'older' WHERE slug = 'acme'",
    )
    .await;
    let upgraded = upgrade_with(&site, &[]).await.unwrap();
    assert_eq!(upgraded.run, None);
    assert_eq!(upgraded.tenant.version, acme.version);
    assert_eq!(upgraded.tenant.fingerprint, acme.fingerprint);
}

#[tokio::test]
async fn a_lost_schema_is_made_again() {
    let (site, acme, globex) = two().await;
    site.run(&format!("DROP SCHEMA {} CASCADE", acme.schema))
        .await;
    let found = verify(&site, "acme").await;
    assert!(!found.is_current && found.has_drifted);
    assert!(
        found
            .differences
            .iter()
            .all(|difference| difference.change == Change::Missing)
    );

    assert_eq!(repair(&site).await.tenant.fingerprint, acme.fingerprint);
    assert_eq!(site.platform.provisioner.orphans().await.unwrap(), []);
    let users = format!("SELECT username FROM {}.users", globex.schema);
    assert_eq!(site.texts(&users).await, ["mallory"]);
}

#[tokio::test]
async fn verifying_tells_drift_from_difference_and_names_what_is_not_ours() {
    let (site, acme, globex) = two().await;
    let found = verify(&site, "acme").await;
    assert!(found.is_current && !found.has_drifted, "{found:?}");
    assert_eq!(
        (found.differences, found.unmanaged, found.foreign_references),
        (vec![], vec![], vec![])
    );

    site.run(&format!(
        "SET search_path = {};
         CREATE TABLE visits (user_id uuid REFERENCES {}.users (id));
         ALTER TABLE users ALTER username TYPE varchar(90);
         DROP INDEX audit_logs_object_type_object_id_idx;
         CREATE VIEW names AS SELECT username FROM users;
         RESET search_path",
        acme.schema, globex.schema
    ))
    .await;
    let found = verify(&site, "acme").await;
    assert!(!found.is_current && found.has_drifted);
    let words: Vec<_> = found.differences.iter().map(ToString::to_string).collect();
    for expected in [
        "column users.username is different",
        "table visits should not be there",
    ] {
        assert!(words.iter().any(|line| line == expected), "{words:?}");
    }
    let views: Vec<_> = found
        .unmanaged
        .iter()
        .map(|object| object.name.as_str())
        .collect();
    assert_eq!(views, ["names"]);
    let needs = &found.foreign_references;
    assert!(
        !needs.is_empty() && needs.iter().all(|need| need.schema == globex.schema),
        "{needs:?}"
    );
    assert!(
        needs
            .iter()
            .any(|need| need.object.contains("visits_user_id_fkey")),
        "{needs:?}"
    );
    assert!(verify(&site, "globex").await.is_current);
}

#[tokio::test]
async fn a_run_that_is_waiting_for_the_lock_is_not_taken_for_one_that_was_cut_off() {
    let (site, acme, _) = two().await;
    let conn = connect(site.url()).await;
    let waiting = platform_schema::NewRun {
        id: uuid::Uuid::now_v7(),
        tenant_id: None,
        kind: "upgrade".to_owned(),
        requested_by: "test".to_owned(),
        detail: serde_json::json!({ "schema": acme.schema }),
    };
    waiting.insert(&conn).await.unwrap();
    site.run(&format!("DROP TABLE {}.api_keys CASCADE", acme.schema))
        .await;
    upgrade_with(&site, &[]).await.unwrap();
    let run = Run::find(waiting.id, &conn).await.unwrap().unwrap();
    assert_eq!(run.error, None);
    assert_eq!(run.finished_at, None);
}
