//! Upgrading a tenant: its schema to the models, whatever it is like now, and its row in the registry to its schema.

use connection::PlatformConn;
use platform_schema::{NewRun, PlatformChange, Run, RunStep, Tenant, TenantKey, TenantStatus};
use serde_json::json;
use tenant_schema::seeds;
use uuid::Uuid;

use super::apply::options::ApplyOptions;
use super::apply::{Applied, gate};
use super::introspect::{LiveSchema, introspect};
use super::namespace::Namespace;
use super::order::{Requester, RunView, TenantView};
use super::plan::Plan;
use super::planner::rename::Rename;
use super::planner::{self, PlanOptions};
use super::reference::SchemaStanding;
use super::step_recorder::StepRecorder;
use super::{ProvisionError, Provisioner, backfill, off_its_path, on_its_path, rename_check};
use crate::config::Isolation;

/// How a tenant is upgraded.
#[derive(Debug, Clone, Default)]
pub struct UpgradeOptions {
    /// What the structures do not tell. The renames that the models state and the pending backfills are added.
    pub plan: PlanOptions,
    /// How the plan is applied. The run and the version are the upgrade's own.
    pub apply: ApplyOptions,
}

/// A tenant that has the structure of the models.
#[derive(Debug, Clone, PartialEq)]
pub struct Upgraded {
    /// The tenant.
    pub tenant: TenantView,
    /// The run; none when there was nothing to do.
    pub run: Option<RunView>,
    /// What was done.
    pub applied: Applied,
}

impl Provisioner {
    /// Plans what would make the tenant's schema that of the models. Nothing is changed.
    ///
    /// # Errors
    /// `UnknownTenant`, `Rename`, or a failure of the database. What cannot be changed is in the plan's refusals.
    pub async fn plan_tenant(
        &self,
        key: &TenantKey,
        options: &PlanOptions,
    ) -> Result<Plan, ProvisionError> {
        let mut conn = self.connector.connect().await?;
        let tenant = self.upgradable(key, &conn).await?;
        let schema = Namespace::from(&tenant.schema_name);
        let reference = self.reference(&conn).await?;
        self.plan_towards(&reference, &schema, options, &mut conn)
            .await
    }

    /// Gives the tenant's schema the structure of the models. Where it has it already, nothing is done and no run is
    /// recorded.
    ///
    /// # Errors
    /// `UnknownTenant`, `Rename`, and those of [`Self::apply`].
    pub async fn upgrade(
        &self,
        key: &TenantKey,
        options: &UpgradeOptions,
        requester: &Requester,
    ) -> Result<Upgraded, ProvisionError> {
        let mut conn = self.connector.connect().await?;
        if options.plan.backfills.is_empty()
            && let Some(tenant) = self.confirm(key, &conn).await?
        {
            return Ok(Upgraded {
                tenant,
                run: None,
                applied: Applied::default(),
            });
        }
        let tenant = self.upgradable(key, &conn).await?;
        let schema = Namespace::from(&tenant.schema_name);
        let reference = self.reference(&conn).await?;
        let plan = self
            .plan_towards(&reference, &schema, &options.plan, &mut conn)
            .await?;
        self.carry_out("upgrade", tenant, &plan, &options.apply, requester, conn)
            .await
    }

    /// Settles a tenant that has the structure of the models and no backfill to come, and gives it; none for one that has
    /// to be upgraded. For those who ask about many tenants on one connection, which keeps the statements prepared.
    ///
    /// # Errors
    /// `UnknownTenant`, or a failure of the database.
    pub async fn confirm(
        &self,
        key: &TenantKey,
        conn: &PlatformConn,
    ) -> Result<Option<TenantView>, ProvisionError> {
        let tenant = self.upgradable(key, conn).await?;
        let schema = Namespace::from(&tenant.schema_name);
        let SchemaStanding { desired, live } = self.standing(&schema, conn).await?;
        let is_current = live.structure == desired.structure;
        if !is_current || !backfill::pending(&schema, conn).await?.is_empty() {
            return Ok(None);
        }
        let tenant = self.settle(tenant, &live.structure, conn).await?;
        Ok(Some(tenant.into()))
    }

    /// Applies a plan that was made before, as it is.
    ///
    /// # Errors
    /// `UnknownTenant`, and those of [`Self::apply`]: `StalePlan` when the schema is in another state than the plan starts from.
    pub async fn upgrade_by(
        &self,
        key: &TenantKey,
        plan: &Plan,
        options: &ApplyOptions,
        requester: &Requester,
    ) -> Result<Upgraded, ProvisionError> {
        let conn = self.connector.connect().await?;
        let tenant = self.upgradable(key, &conn).await?;
        self.carry_out("upgrade", tenant, plan, options, requester, conn)
            .await
    }

    /// The tenant, if it is in a part of its life in which it has a schema to look after.
    pub(super) async fn upgradable(
        &self,
        key: &TenantKey,
        conn: &PlatformConn,
    ) -> Result<Tenant, ProvisionError> {
        use TenantStatus::{Active, Provisioning, Suspended};
        let tenant = Tenant::find_by_key(key, conn).await?;
        tenant
            .filter(|tenant| matches!(tenant.status, Active | Provisioning | Suspended))
            .ok_or_else(|| ProvisionError::UnknownTenant(key.to_string()))
    }

    /// Plans the way from a schema as it is to the reference.
    pub(super) async fn plan_towards(
        &self,
        reference: &LiveSchema,
        schema: &Namespace,
        options: &PlanOptions,
        conn: &mut PlatformConn,
    ) -> Result<Plan, ProvisionError> {
        let read = introspect(std::slice::from_ref(schema), conn).await?;
        let live = read.into_iter().next().ok_or(diesel::NotFound)?;
        rename_check::check(&options.renames, &live.structure, &reference.structure)?;
        let mut options = options.clone();
        options
            .renames
            .extend(Rename::of_models(self.blueprint.catalog()));
        options
            .backfills
            .extend(backfill::pending(schema, conn).await?);
        planner::plan(&live, reference, schema, &options, conn).await
    }

    /// Applies a plan to a tenant in a recorded run, and furnishes the tenant.
    pub(super) async fn carry_out(
        &self,
        kind: &str,
        tenant: Tenant,
        plan: &Plan,
        options: &ApplyOptions,
        requester: &Requester,
        conn: PlatformConn,
    ) -> Result<Upgraded, ProvisionError> {
        gate::check(plan, &options.allow)?;
        let schema = tenant.schema_name.as_str();
        let run = NewRun {
            id: Uuid::now_v7(),
            tenant_id: Some(tenant.id.clone()),
            kind: kind.to_owned(),
            requested_by: requester.channel.to_owned(),
            detail: json!({ "slug": tenant.slug, "schema": schema }),
        };
        let run = run.insert(&conn).await?.id;
        let outcome = self.apply_and_furnish(tenant, plan, options, run, requester, conn);
        match outcome.await {
            Ok((tenant, run, applied)) => Ok(Upgraded {
                tenant: tenant.into(),
                run: Some(run.into()),
                applied,
            }),
            Err(error) => {
                self.record_end(run, &error).await;
                Err(error)
            }
        }
    }

    async fn apply_and_furnish(
        &self,
        tenant: Tenant,
        plan: &Plan,
        options: &ApplyOptions,
        run: Uuid,
        requester: &Requester,
        conn: PlatformConn,
    ) -> Result<(Tenant, Run, Applied), ProvisionError> {
        let schema = Namespace::from(&tenant.schema_name);
        let options = ApplyOptions {
            run: Some(run),
            version: Some(self.blueprint.version().to_owned()),
            ..options.clone()
        };
        let applied = if plan.transactions.is_empty() {
            Applied::default()
        } else {
            self.apply(&schema, plan, &options).await?
        };
        let furnished = self.furnish(tenant, &options, run, requester, conn);
        let (tenant, run) = furnished.await?;
        Ok((tenant, run, applied))
    }

    /// Gives the tenant's role its rights, sows what every tenant starts with, ends the run and records it in the audit log,
    /// all in one transaction.
    async fn furnish(
        &self,
        tenant: Tenant,
        options: &ApplyOptions,
        run: Uuid,
        requester: &Requester,
        mut conn: PlatformConn,
    ) -> Result<(Tenant, Run), ProvisionError> {
        let schema = Namespace::from(&tenant.schema_name);
        let mut recorder = StepRecorder::start();
        conn.begin().await?;
        schema.lock(options.busy_patience, &conn).await?;
        conn.batch(&schema.set_local_path()).await?;
        if self.isolation == Isolation::Role {
            conn.batch(&self.blueprint.grant(&schema.quoted())).await?;
            recorder.step("grant the tenant's role its rights");
        }
        let mut conn = on_its_path(conn);
        seeds::sow(&mut conn).await?;
        recorder.step("seed permissions, roles and settings");
        let mut conn = off_its_path(conn);
        let live = gate::live_fingerprint(&schema, &conn).await?.structure;
        let tenant = self.settle(tenant, &live, &conn).await?;
        recorder.step("compare the fingerprint");
        let first = RunStep::count(run, &conn).await?;
        recorder.write(run, first, &conn).await?;
        let run = Run::finish(run, None, &conn).await?;
        let change = PlatformChange::of("tenant", &tenant.id).after(json!({ "run": run.id }));
        let action = format!("tenant.{}", run.kind);
        requester.record(&action, change, &conn).await?;
        conn.commit().await?;
        Ok((tenant, run))
    }

    /// Records what the tenant's schema is like, where the registry says something else, and opens a tenant that was
    /// being provisioned.
    async fn settle(
        &self,
        tenant: Tenant,
        live: &str,
        conn: &PlatformConn,
    ) -> Result<Tenant, ProvisionError> {
        let version = self.blueprint.version();
        if tenant.status == TenantStatus::Provisioning {
            return Ok(Tenant::mark_active(&tenant.id, version, live, conn).await?);
        }
        let known = (tenant.version.as_deref(), tenant.fingerprint.as_deref());
        if known == (Some(version), Some(live)) {
            return Ok(tenant);
        }
        Ok(Tenant::record_structure(&tenant.id, Some(version), live, conn).await?)
    }

    /// Leaves a trace of what failed. The connection of the work may be gone with it.
    async fn record_end(&self, run: Uuid, error: &ProvisionError) {
        let recorded = async {
            let conn = self.connector.connect().await?;
            Run::finish(run, Some(&error.to_string()), &conn).await?;
            Ok::<(), ProvisionError>(())
        };
        if let Err(lost) = recorded.await {
            tracing::warn!(error = %lost, "the record of a failed run is lost");
        }
    }
}
