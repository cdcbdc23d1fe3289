//! Repairing tenants: what is missing is made again, what was changed by hand is reported and left alone.

use platform_schema::{TenantKey, TenantSlug};
use rowhouse::provisioner::ProvisionError;
use rowhouse::provisioner::order::{ProvisionedTenant, Requester, TenantView};
use test_app::{TestPlatform, provision};

async fn acme() -> (TestPlatform, TenantView) {
    let site = TestPlatform::open().await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant;
    (site, acme)
}

async fn initialize(site: &TestPlatform, slug: &str) -> Result<ProvisionedTenant, ProvisionError> {
    let key = TenantKey::Slug(slug.parse::<TenantSlug>().unwrap());
    let requester = Requester::command_line();
    site.platform.provisioner.initialize(&key, &requester).await
}

/// What a tenant's schema is made of, with the rights on it, for a comparison of before and after.
async fn structure(site: &TestPlatform, schema: &str) -> Vec<String> {
    site.texts(&format!(
        "SELECT concat_ws(' ', c.relname, c.relkind, c.relacl::text, obj_description(c.oid)) FROM pg_class c
          WHERE c.relnamespace = '{schema}'::regnamespace
         UNION ALL
         SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
          WHERE connamespace = '{schema}'::regnamespace
         UNION ALL
         SELECT concat_ws(' ', nspname, nspacl::text) FROM pg_namespace WHERE nspname = '{schema}'
         UNION ALL
         SELECT concat_ws(' ', rolname, rolcanlogin, rolinherit, pg_has_role(current_user, oid, 'MEMBER')) FROM pg_roles
          WHERE rolname = '{schema}'
         ORDER BY 1"
    ))
    .await
}

/// Damages a tenant, initializes it and asserts that it is as it was.
async fn assert_repaired(damage: impl Fn(&str) -> String) {
    let (site, acme) = acme().await;
    let before = structure(&site, &acme.schema).await;
    site.run(&damage(&acme.schema)).await;
    assert_ne!(structure(&site, &acme.schema).await, before, "no damage");
    let repaired = initialize(&site, "acme").await.unwrap().tenant;
    assert_eq!(repaired.fingerprint, acme.fingerprint);
    assert_eq!(structure(&site, &acme.schema).await, before);
    assert_eq!(site.platform.provisioner.orphans().await.unwrap(), []);
}

#[tokio::test]
async fn initializing_a_whole_tenant_changes_nothing_and_is_recorded() {
    let (site, acme) = acme().await;
    let before = structure(&site, &acme.schema).await;
    let users = format!("SELECT id::text FROM {}.users", acme.schema);
    let users_before = site.texts(&users).await;
    for _ in 0..2 {
        let again = initialize(&site, "acme").await.unwrap().tenant;
        assert_eq!(again.fingerprint, acme.fingerprint);
    }
    assert_eq!(structure(&site, &acme.schema).await, before);
    assert_eq!(site.texts(&users).await, users_before);
    let runs = "SELECT concat_ws(' ', kind, status) FROM shared.runs ORDER BY started_at";
    let expected = [
        "create succeeded",
        "initialize succeeded",
        "initialize succeeded",
    ];
    assert_eq!(site.texts(runs).await, expected);
}

#[tokio::test]
async fn a_dropped_table_is_made_again_with_its_comments_and_rights() {
    assert_repaired(|schema| format!("DROP TABLE {schema}.api_keys CASCADE")).await;
}

#[tokio::test]
async fn a_dropped_table_that_others_refer_to_is_made_again() {
    assert_repaired(|schema| format!("DROP TABLE {schema}.teams CASCADE")).await;
}

#[tokio::test]
async fn a_table_whose_lost_rows_others_still_name_is_not_papered_over() {
    let (site, acme) = acme().await;
    site.run(&format!("DROP TABLE {}.permissions CASCADE", acme.schema))
        .await;
    let damaged = structure(&site, &acme.schema).await;
    let error = initialize(&site, "acme").await.unwrap_err();
    let expected = "violates foreign key constraint \"role_permissions_permission_id_fkey\"";
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!(structure(&site, &acme.schema).await, damaged);
}

#[tokio::test]
async fn a_dropped_template_table_is_made_again() {
    assert_repaired(|schema| format!("DROP TABLE {schema}.activity_log")).await;
}

#[tokio::test]
async fn a_dropped_index_is_made_again() {
    let (site, acme) = acme().await;
    let plain = format!(
        "SELECT indexname::text FROM pg_indexes i WHERE schemaname = '{}' AND tablename <> 'activity_log'
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = i.indexname) ORDER BY 1",
        acme.schema
    );
    let indexes = site.texts(&plain).await;
    assert!(!indexes.is_empty());
    let before = structure(&site, &acme.schema).await;
    for index in &indexes {
        site.run(&format!("DROP INDEX {}.{index}", acme.schema))
            .await;
    }
    initialize(&site, "acme").await.unwrap();
    assert_eq!(structure(&site, &acme.schema).await, before);
}

#[tokio::test]
async fn dropped_foreign_keys_unique_and_check_constraints_are_made_again() {
    let (site, acme) = acme().await;
    let constraints = format!(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
          WHERE connamespace = '{}'::regnamespace AND contype IN ('f', 'u', 'c')
          ORDER BY contype = 'u'",
        acme.schema
    );
    let drops = site.texts(&constraints).await;
    assert!(!drops.is_empty());
    let before = structure(&site, &acme.schema).await;
    site.run(&drops.join(";")).await;
    initialize(&site, "acme").await.unwrap();
    assert_eq!(structure(&site, &acme.schema).await, before);
}

#[tokio::test]
async fn a_dropped_role_is_made_again_with_its_rights() {
    assert_repaired(|schema| format!("DROP OWNED BY {schema}; DROP ROLE {schema}")).await;
}

#[tokio::test]
async fn revoked_rights_are_granted_again() {
    assert_repaired(|schema| {
        format!(
            "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {schema}; REVOKE ALL ON SCHEMA {schema} FROM {schema}"
        )
    })
    .await;
}

#[tokio::test]
async fn a_right_too_many_on_the_audit_log_is_taken_away() {
    assert_repaired(|schema| format!("GRANT UPDATE ON {schema}.audit_logs TO {schema}")).await;
}

#[tokio::test]
async fn missing_seeds_are_sown_again() {
    let (site, acme) = acme().await;
    let grants = format!(
        "SELECT concat(count(*)) FROM {0}.role_permissions UNION ALL SELECT concat(count(*)) FROM {0}.settings",
        acme.schema
    );
    let before = site.texts(&grants).await;
    site.run(&format!(
        "DELETE FROM {0}.role_permissions; DELETE FROM {0}.settings",
        acme.schema
    ))
    .await;
    initialize(&site, "acme").await.unwrap();
    assert_eq!(site.texts(&grants).await, before);
}

#[tokio::test]
async fn a_column_that_was_narrowed_by_hand_is_widened_again() {
    let (site, acme) = acme().await;
    site.run(&format!(
        "ALTER TABLE {}.users ALTER COLUMN username TYPE varchar(10)",
        acme.schema
    ))
    .await;
    let repaired = initialize(&site, "acme").await.unwrap().tenant;
    assert_eq!(repaired.fingerprint, acme.fingerprint);
    let users = format!("SELECT username::text FROM {}.users", acme.schema);
    assert_eq!(site.texts(&users).await, ["alice"]);
}

#[tokio::test]
async fn a_column_added_by_hand_is_reported_and_nothing_is_changed() {
    let (site, acme) = acme().await;
    site.run(&format!(
        "ALTER TABLE {0}.users ADD hat text; DROP TABLE {0}.api_keys CASCADE",
        acme.schema
    ))
    .await;
    let damaged = structure(&site, &acme.schema).await;
    let error = initialize(&site, "acme").await.unwrap_err();
    assert!(matches!(error, ProvisionError::Drift { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("`acme`") && text.contains("users.hat"),
        "{text}"
    );
    assert_eq!(structure(&site, &acme.schema).await, damaged);
    let runs = "SELECT kind FROM shared.runs";
    assert_eq!(site.texts(runs).await, ["create"]);
}

#[tokio::test]
async fn repairing_a_suspended_tenant_does_not_resume_it() {
    let (site, acme) = acme().await;
    site.run(&format!(
        "UPDATE shared.tenants SET status = 'suspended'; DROP TABLE {}.api_keys CASCADE",
        acme.schema
    ))
    .await;
    let repaired = initialize(&site, "acme").await.unwrap().tenant;
    assert_eq!(repaired.status.to_string(), "suspended");
    assert_eq!(repaired.fingerprint, acme.fingerprint);
}

#[tokio::test]
async fn a_tenant_that_is_unknown_or_on_its_way_out_is_not_initialized() {
    let (site, _) = acme().await;
    let unknown = initialize(&site, "globex").await.unwrap_err();
    assert!(matches!(unknown, ProvisionError::UnknownTenant(_)));
    for status in ["archived", "deleting", "failed"] {
        site.run(&format!("UPDATE shared.tenants SET status = '{status}'"))
            .await;
        let error = initialize(&site, "acme").await.unwrap_err();
        assert!(
            matches!(error, ProvisionError::UnknownTenant(_)),
            "{status}"
        );
    }
}
