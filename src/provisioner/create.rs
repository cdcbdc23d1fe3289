//! Creating a tenant: registry row, schema, role, tables, seeds, first admin and run record in one transaction.
//!
//! The tenant is whole once the transaction commits. Before that, and after a crash at any moment, it is absent.

use connection::{PlatformConn, TenantConn};
use platform_schema::{NewRun, NewTenant, PlatformChange, Run, Tenant};
use serde_json::json;
use tenant_schema::identity::{NewUser, Role, UserRole};
use tenant_schema::seeds;
use uuid::Uuid;

use super::introspect::fingerprints;
use super::namespace::Namespace;
use super::order::{FirstAdmin, ProvisionedTenant, TenantOrder};
use super::reference::Target;
use super::step_recorder::StepRecorder;
use super::{ProvisionError, Provisioner, backfill, off_its_path, on_its_path};

/// The role of a tenant's first user.
const ADMIN_ROLE: &str = "admin";

impl Provisioner {
    /// Creates a tenant, or gives the answer of the earlier order with the same idempotency key.
    ///
    /// # Errors
    /// `SlugTaken`, `KeyInProgress`, `KeyReused`, `Admin`, or a failure of the database, of which a failed run is recorded.
    pub async fn create(&self, order: &TenantOrder) -> Result<ProvisionedTenant, ProvisionError> {
        let outcome = self.create_in_one_transaction(order).await;
        if let Err(error @ (ProvisionError::Query(_) | ProvisionError::Drift { .. })) = &outcome {
            self.record_failure(order, error).await;
        }
        outcome
    }

    async fn create_in_one_transaction(
        &self,
        order: &TenantOrder,
    ) -> Result<ProvisionedTenant, ProvisionError> {
        let mut platform = self.connector.connect().await?;
        // Before the transaction, for other orders wait until the first reference is committed.
        let target = self.target(&platform).await?;
        platform.begin().await?;
        if let Some(receipt) = &order.receipt
            && let Some(answer) = receipt.claim(&platform).await?
        {
            return Ok(answer);
        }
        let (mut platform, created) = self.build(order, &target, platform).await?;
        if let Some(receipt) = &order.receipt {
            receipt.complete(&created, &platform).await?;
        }
        platform.commit().await?;
        Ok(created)
    }

    /// Does all the work of a creation inside the caller's transaction.
    async fn build(
        &self,
        order: &TenantOrder,
        target: &Target,
        platform: PlatformConn,
    ) -> Result<(PlatformConn, ProvisionedTenant), ProvisionError> {
        let mut recorder = StepRecorder::start();
        let tenant = register(order, &platform).await?;
        recorder.step("register the tenant");

        let schema = &tenant.schema_name;
        let sql = self
            .blueprint
            .create_schema(schema, &target.template, self.isolation);
        platform.batch(&sql).await?;
        self.lend_role(&tenant, &platform).await?;
        recorder.step("build the schema");

        let mut conn = on_its_path(platform);
        seeds::sow(&mut conn).await?;
        recorder.step("seed permissions, roles and settings");
        order.admin.insert(&mut conn).await?;
        recorder.step("create the first admin");

        let platform = off_its_path(conn);
        check(&tenant, target, &platform).await?;
        let fingerprint = &target.fingerprint.structure;
        let version = self.blueprint.version();
        let tenant = Tenant::mark_active(&tenant.id, version, fingerprint, &platform).await?;
        backfill::settle(&Namespace::from(schema), &platform).await?;
        recorder.step("compute the fingerprint");

        let run = record_run(order, &tenant, &recorder, &platform).await?;
        audit(order, &tenant, &platform).await?;
        let (tenant, run) = (tenant.into(), run.into());
        Ok((platform, ProvisionedTenant { tenant, run }))
    }

    /// Leaves a trace of an order that failed. The order's own transaction is gone by now.
    async fn record_failure(&self, order: &TenantOrder, error: &ProvisionError) {
        let recorded = async {
            let conn = self.connector.connect().await?;
            let run = new_run(order, None).insert(&conn).await?;
            Run::finish(run.id, Some(&error.to_string()), &conn).await?;
            Ok::<(), ProvisionError>(())
        };
        if let Err(lost) = recorded.await {
            tracing::warn!(error = %lost, "the record of a failed run is lost");
        }
    }
}

impl FirstAdmin {
    async fn insert(&self, conn: &mut TenantConn) -> Result<(), ProvisionError> {
        let user = NewUser {
            password_hash: self.password_hash.clone(),
            ..NewUser::new(self.email.clone(), self.username.clone())
        };
        let refused = |error: diesel::result::Error| match error {
            diesel::result::Error::DatabaseError(_, information) => {
                ProvisionError::Admin(information.message().to_owned())
            }
            error => ProvisionError::Query(error),
        };
        let user = user.insert(conn).await.map_err(refused)?;
        let role = Role::find_by_name(ADMIN_ROLE, conn)
            .await?
            .ok_or(diesel::NotFound)?;
        UserRole::assign(user.id, role.id, conn).await?;
        if let Some(invitation) = &self.invitation {
            invitation.mail_to(&user, conn).await?;
        }
        Ok(())
    }
}

/// Refuses a schema that did not become what PostgreSQL makes of the same statements elsewhere.
async fn check(
    tenant: &Tenant,
    target: &Target,
    conn: &PlatformConn,
) -> Result<(), ProvisionError> {
    let built = fingerprints(&[Namespace::from(&tenant.schema_name)], conn).await?;
    if built.first() == Some(&target.fingerprint) {
        return Ok(());
    }
    Err(ProvisionError::Drift {
        tenant: tenant.slug.to_string(),
        difference: "what was built is not what the reference schema holds".to_owned(),
    })
}

async fn register(order: &TenantOrder, conn: &PlatformConn) -> Result<Tenant, ProvisionError> {
    let TenantOrder {
        slug,
        name,
        plan,
        labels,
        ..
    } = order.clone();
    let registration = NewTenant::new(slug, name, plan, labels);
    let inserted = registration.insert(conn).await;
    inserted.map_err(|error| slug_taken(error, order))
}

fn slug_taken(error: diesel::result::Error, order: &TenantOrder) -> ProvisionError {
    match &error {
        diesel::result::Error::DatabaseError(_, information)
            if information.constraint_name() == Some("tenants_slug_key") =>
        {
            ProvisionError::SlugTaken(order.slug.clone())
        }
        _ => error.into(),
    }
}

fn new_run(order: &TenantOrder, tenant: Option<&Tenant>) -> NewRun {
    NewRun {
        id: Uuid::now_v7(),
        tenant_id: tenant.map(|tenant| tenant.id.clone()),
        kind: "create".to_owned(),
        requested_by: order.requester.channel.to_owned(),
        detail: json!({ "slug": order.slug, "name": order.name }),
    }
}

async fn record_run(
    order: &TenantOrder,
    tenant: &Tenant,
    recorder: &StepRecorder,
    conn: &PlatformConn,
) -> Result<Run, ProvisionError> {
    let run = new_run(order, Some(tenant)).insert(conn).await?;
    recorder.write(run.id, 0, conn).await?;
    Ok(Run::finish(run.id, None, conn).await?)
}

async fn audit(
    order: &TenantOrder,
    tenant: &Tenant,
    conn: &PlatformConn,
) -> Result<(), ProvisionError> {
    let change = PlatformChange::of("tenant", &tenant.id).after(
        json!({ "slug": tenant.slug, "name": tenant.name, "plan": tenant.plan, "labels": tenant.labels }),
    );
    Ok(order
        .requester
        .record("tenant.create", change, conn)
        .await?)
}
