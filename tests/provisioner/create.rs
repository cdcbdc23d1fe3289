//! Creating tenants: what a tenant consists of, and what is left when its creation fails.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use rowhouse::provisioner::order::{ProvisionedTenant, TenantOrder};
use rowhouse::provisioner::receipt::ReceiptRequest;
use rowhouse::provisioner::{ProvisionError, ddl};
use tenant_schema::catalog::Catalog;
use test_app::{TestPlatform, order, provision};

/// Tables of a schema, by name.
async fn tables(site: &TestPlatform, schema: &str) -> BTreeSet<String> {
    let sql = format!("SELECT tablename::text FROM pg_tables WHERE schemaname = '{schema}'");
    site.texts(&sql).await.into_iter().collect()
}

/// An order with a receipt.
async fn repeatable(site: &TestPlatform) -> TenantOrder {
    let mut order = order(&site.platform, "acme", "alice").await;
    order.receipt = Some(ReceiptRequest {
        scope: "a test".to_owned(),
        key: "1".to_owned(),
        request_hash: vec![1; 32],
    });
    order
}

/// Asserts that no tenant, schema or run of a tenant exists.
async fn assert_nothing_was_made(site: &TestPlatform) {
    let tenants = site.texts("SELECT id FROM shared.tenants").await;
    assert_eq!(tenants, Vec::<String>::new());
    let schemas = "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^tenant_[0-9]'";
    assert_eq!(site.texts(schemas).await, Vec::<String>::new());
    assert_eq!(site.platform.provisioner.orphans().await.unwrap(), []);
    let audited = "SELECT action FROM shared.platform_audit_logs";
    assert_eq!(site.texts(audited).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_new_tenant_is_active_with_a_recorded_run_and_an_audit_row() {
    let site = TestPlatform::open().await;
    let ProvisionedTenant { tenant, run } = provision(&site.platform, "acme", "alice").await;
    let version = site.platform.provisioner.blueprint().version();
    assert_eq!(tenant.status.to_string(), "active");
    assert_eq!(tenant.version.as_deref(), Some(version));
    assert_eq!(tenant.fingerprint.unwrap().len(), 64);
    assert_eq!(tenant.schema, format!("tenant_{}", tenant.id));

    let runs = "SELECT concat_ws(' ', id, tenant_id, kind, status, requested_by) FROM shared.runs";
    let expected = format!("{} {} create succeeded test", run.id, tenant.id);
    assert_eq!(site.texts(runs).await, [expected]);
    let steps = "SELECT concat_ws(' ', position, status, name) FROM shared.run_steps
                  WHERE duration_us >= 0 AND finished_at >= started_at ORDER BY position";
    assert_eq!(
        site.texts(steps).await,
        [
            "0 succeeded register the tenant",
            "1 succeeded build the schema",
            "2 succeeded seed permissions, roles and settings",
            "3 succeeded create the first admin",
            "4 succeeded compute the fingerprint",
        ]
    );
    let audited = "SELECT concat_ws(' ', action, object_type, object_id, after ->> 'slug')
                     FROM shared.platform_audit_logs";
    let expected = format!("tenant.create tenant {} acme", tenant.id);
    assert_eq!(site.texts(audited).await, [expected]);
}

#[tokio::test]
async fn the_first_user_has_the_role_of_an_admin() {
    let site = TestPlatform::open().await;
    let schema = provision(&site.platform, "acme", "alice")
        .await
        .tenant
        .schema;
    let roles = format!(
        "SELECT concat_ws(' ', u.username, u.email, r.name) FROM {schema}.users u
           JOIN {schema}.user_roles ur ON ur.user_id = u.id JOIN {schema}.roles r ON r.id = ur.role_id"
    );
    assert_eq!(site.texts(&roles).await, ["alice alice@acme.example admin"]);
}

#[tokio::test]
async fn all_tenants_have_the_same_fingerprint_whatever_their_schema_is_called() {
    let site = TestPlatform::open().await;
    for slug in ["acme", "globex", "initech"] {
        provision(&site.platform, slug, "alice").await;
    }
    let distinct = "SELECT concat(count(*), ' ', count(DISTINCT fingerprint)) FROM shared.tenants";
    assert_eq!(site.texts(distinct).await, ["3 1"]);
}

#[tokio::test]
async fn a_tenant_schema_holds_the_tables_of_the_catalog_and_of_the_template() {
    let site = TestPlatform::open().await;
    let schema = provision(&site.platform, "acme", "alice")
        .await
        .tenant
        .schema;
    let mut expected: BTreeSet<String> = Catalog::of_models()
        .tables
        .into_iter()
        .map(|table| table.name)
        .collect();
    expected.insert("activity_log".to_owned());
    assert_eq!(tables(&site, &schema).await, expected);

    let columns = |schema: &str| {
        format!(
            "SELECT substring(indexdef FROM 'USING .*') FROM pg_indexes
              WHERE schemaname = '{schema}' AND tablename = 'activity_log' ORDER BY 1"
        )
    };
    assert_eq!(
        site.texts(&columns(&schema)).await,
        site.texts(&columns("tenant_template")).await
    );
}

#[tokio::test]
async fn tables_added_to_the_template_are_in_new_tenants() {
    let site = TestPlatform::open().await;
    let before = provision(&site.platform, "before", "alice").await.tenant;
    site.run(
        "CREATE TABLE tenant_template.vehicles (
             id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
             plate text NOT NULL UNIQUE CHECK (plate <> ''));
         COMMENT ON TABLE tenant_template.vehicles IS 'What the tenant drives.';
         COMMENT ON COLUMN tenant_template.vehicles.plate IS 'As on the bumper.';
         CREATE TABLE tenant_template.\"Flat tyres\" (
             vehicle_id bigint NOT NULL REFERENCES tenant_template.vehicles ON DELETE CASCADE,
             since date NOT NULL DEFAULT current_date);",
    )
    .await;
    let after = provision(&site.platform, "after", "alice").await.tenant;
    assert_ne!(before.fingerprint, after.fingerprint);
    assert!(!tables(&site, &before.schema).await.contains("vehicles"));

    let schema = &after.schema;
    let tyres = format!("{schema}.\"Flat tyres\"");
    site.run(&format!(
        "SET ROLE {schema}; SET search_path = {schema};
         INSERT INTO vehicles (plate) VALUES ('LD 50'); INSERT INTO \"Flat tyres\" VALUES (1);
         RESET ROLE; SET search_path = ''"
    ))
    .await;
    let copied = format!(
        "SELECT obj_description('{schema}.vehicles'::regclass) UNION ALL
         SELECT col_description('{schema}.vehicles'::regclass, 2) UNION ALL
         SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '{tyres}'::regclass AND contype = 'f'"
    );
    assert_eq!(
        site.texts(&copied).await,
        [
            "What the tenant drives.".to_owned(),
            "As on the bumper.".to_owned(),
            format!("FOREIGN KEY (vehicle_id) REFERENCES {schema}.vehicles(id) ON DELETE CASCADE"),
        ]
    );
}

#[tokio::test]
async fn tenants_draw_numbers_from_sequences_of_their_own() {
    let site = TestPlatform::open().await;
    site.run(
        "CREATE TYPE tenant_template.kind AS ENUM ('car', 'van');
         COMMENT ON TYPE tenant_template.kind IS 'What it is.';
         CREATE SEQUENCE tenant_template.plates START WITH 100;
         CREATE TABLE tenant_template.vehicles (
             id serial PRIMARY KEY,
             kind tenant_template.kind DEFAULT 'van',
             plate bigint DEFAULT nextval('tenant_template.plates'));
         COMMENT ON SEQUENCE tenant_template.vehicles_id_seq IS 'Numbers of vehicles.'",
    )
    .await;
    for slug in ["acme", "globex"] {
        let schema = provision(&site.platform, slug, "alice").await.tenant.schema;
        site.run(&format!(
            "SET ROLE {schema}; SET search_path = {schema}; INSERT INTO vehicles DEFAULT VALUES; RESET ROLE; SET search_path = ''"
        ))
        .await;
        let row = format!("SELECT concat_ws(' ', id, kind, plate) FROM {schema}.vehicles");
        assert_eq!(site.texts(&row).await, ["1 van 100"], "{slug}");
        let used = format!(
            "SELECT concat_ws(' ', pg_get_serial_sequence('{schema}.vehicles', 'id') = '{schema}.vehicles_id_seq',
                              obj_description('{schema}.vehicles_id_seq'::regclass), obj_description('{schema}.kind'::regtype))"
        );
        assert_eq!(
            site.texts(&used).await,
            ["t Numbers of vehicles. What it is."]
        );
        site.run(&format!("DROP TABLE {schema}.vehicles")).await;
        let key = platform_schema::TenantKey::Slug(slug.parse().unwrap());
        let requester = rowhouse::provisioner::order::Requester::command_line();
        let repaired = site.platform.provisioner.initialize(&key, &requester).await;
        repaired.unwrap();
        assert_eq!(
            site.texts(&used).await,
            ["t Numbers of vehicles. What it is."],
            "repaired"
        );
    }
}

#[test]
fn the_ddl_of_the_catalog_changes_only_on_purpose() {
    let ddl = ddl::create_catalog(&Catalog::of_models());
    insta::assert_snapshot!(format!("{};", ddl.join(";\n\n")));
}

#[tokio::test]
async fn of_orders_for_one_slug_at_once_one_succeeds() {
    let site = TestPlatform::open().await;
    let order = order(&site.platform, "acme", "alice").await;
    let orders = (0..8).map(|_| site.platform.provisioner.create(&order));
    let outcomes = join_all(orders).await;
    let created = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let taken = |outcome: &Result<_, _>| matches!(outcome, Err(ProvisionError::SlugTaken(_)));
    let refused = outcomes.iter().filter(|outcome| taken(outcome)).count();
    assert_eq!((created, refused), (1, 7), "{outcomes:?}");

    let schemas = "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^tenant_[0-9]'";
    let registered = "SELECT schema_name FROM shared.tenants";
    assert_eq!(
        site.texts(schemas).await,
        site.texts(registered).await,
        "one tenant, one schema"
    );
    assert_eq!(site.platform.provisioner.orphans().await.unwrap(), []);
}

#[tokio::test]
async fn different_tenants_are_created_at_the_same_time() {
    let site = TestPlatform::open().await;
    let slugs: Vec<String> = (0..8).map(|number| format!("tenant-{number}")).collect();
    let created = slugs
        .iter()
        .map(|slug| provision(&site.platform, slug, "alice"));
    join_all(created).await;
    let active = "SELECT slug FROM shared.tenants WHERE status = 'active' ORDER BY slug";
    assert_eq!(site.texts(active).await, slugs);
}

#[tokio::test]
async fn a_failure_in_the_middle_leaves_nothing_but_the_record_of_a_failed_run() {
    let site = TestPlatform::open().await;
    // A template table that has the name of a model's fails when the model's tables stand already.
    site.run("CREATE TABLE tenant_template.users (id integer)")
        .await;
    let order = order(&site.platform, "acme", "alice").await;
    let error = site.platform.provisioner.create(&order).await.unwrap_err();
    assert!(matches!(error, ProvisionError::Query(_)), "{error}");

    assert_nothing_was_made(&site).await;
    let runs =
        "SELECT concat_ws('|', kind, status, tenant_id, detail ->> 'slug', error) FROM shared.runs";
    assert_eq!(
        site.texts(runs).await,
        ["create|failed|acme|the database refused a statement: relation \"users\" already exists"]
    );

    site.run("DROP TABLE tenant_template.users").await;
    let created = site.platform.provisioner.create(&order).await.unwrap();
    assert_eq!(created.tenant.slug.as_str(), "acme");
}

#[tokio::test]
async fn a_refused_first_admin_leaves_nothing() {
    let site = TestPlatform::open().await;
    let mut order = order(&site.platform, "acme", "alice").await;
    order.admin.username = String::new();
    let error = site.platform.provisioner.create(&order).await.unwrap_err();
    assert!(matches!(error, ProvisionError::Admin(_)), "{error}");
    assert_nothing_was_made(&site).await;
}

#[tokio::test]
async fn a_repeated_order_gets_the_first_answer_and_makes_nothing() {
    let site = TestPlatform::open().await;
    let mut order = repeatable(&site).await;
    let first = site.platform.provisioner.create(&order).await.unwrap();
    let second = site.platform.provisioner.create(&order).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(
        site.texts("SELECT id::text FROM shared.runs").await,
        [first.run.id.to_string()]
    );

    order.receipt.as_mut().unwrap().request_hash = vec![2; 32];
    let error = site.platform.provisioner.create(&order).await.unwrap_err();
    assert!(matches!(error, ProvisionError::KeyReused), "{error}");
}

#[tokio::test]
async fn of_repeated_orders_at_once_one_makes_the_tenant() {
    let site = TestPlatform::open().await;
    let order = repeatable(&site).await;
    let outcomes = join_all((0..8).map(|_| site.platform.provisioner.create(&order))).await;
    let ids: BTreeSet<String> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().ok())
        .map(|created| created.tenant.id.to_string())
        .collect();
    let is_refused =
        |outcome: &&Result<_, _>| matches!(outcome, Ok(_) | Err(ProvisionError::KeyInProgress));
    assert_eq!(ids.len(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| is_refused(&outcome)));
}
