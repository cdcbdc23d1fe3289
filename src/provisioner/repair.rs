//! Repairing a tenant: an upgrade that also makes the schema and the role again, with its rights, and sows the seeds.

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use platform_schema::{Tenant, TenantKey};

use super::blueprint::create_role;
use super::namespace::Namespace;
use super::order::Requester;
use super::upgrade::{UpgradeOptions, Upgraded};
use super::{ProvisionError, Provisioner, raw_sql};
use crate::config::Isolation;

#[derive(Debug, QueryableByName)]
struct Presence {
    #[diesel(sql_type = Bool)]
    schema: bool,
    #[diesel(sql_type = Bool)]
    role: bool,
}

const PRESENCE: &str = "
    SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS schema,
           EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS role";

impl Provisioner {
    /// Makes the tenant whole again, in a recorded run. Repeating it changes nothing.
    ///
    /// # Errors
    /// As [`Self::upgrade`]. The schema and the role are made before the plan is, and stay when it is refused.
    pub async fn repair(
        &self,
        key: &TenantKey,
        options: &UpgradeOptions,
        requester: &Requester,
    ) -> Result<Upgraded, ProvisionError> {
        self.repair_as("repair", key, options, requester).await
    }

    /// As [`Self::repair`], recorded under another name.
    pub(super) async fn repair_as(
        &self,
        kind: &str,
        key: &TenantKey,
        options: &UpgradeOptions,
        requester: &Requester,
    ) -> Result<Upgraded, ProvisionError> {
        let mut conn = self.connector.connect().await?;
        let tenant = self.upgradable(key, &conn).await?;
        let schema = Namespace::from(&tenant.schema_name);
        self.make_room(&tenant, options, &mut conn).await?;
        let reference = self.reference(&conn).await?;
        let plan = self
            .plan_towards(&reference, &schema, &options.plan, &mut conn)
            .await?;
        self.carry_out(kind, tenant, &plan, &options.apply, requester, conn)
            .await
    }

    /// Makes the schema and the role, where they are missing.
    async fn make_room(
        &self,
        tenant: &Tenant,
        options: &UpgradeOptions,
        conn: &mut PlatformConn,
    ) -> Result<(), ProvisionError> {
        let schema = Namespace::from(&tenant.schema_name);
        let patience = options.apply.busy_patience;
        let needs_role = self.isolation == Isolation::Role;
        conn.transaction(async |conn| {
            schema.lock(patience, conn).await?;
            let presence = presence(&schema, conn).await?;
            if !presence.schema {
                conn.batch(&format!("CREATE SCHEMA {}", schema.quoted()))
                    .await?;
            }
            if needs_role && !presence.role {
                conn.batch(&create_role(&schema.quoted())).await?;
            }
            self.lend_role(tenant, conn).await
        })
        .await
    }
}

async fn presence(schema: &Namespace, mut conn: &PlatformConn) -> QueryResult<Presence> {
    raw_sql(PRESENCE)
        .bind::<Text, _>(schema.as_str())
        .get_result(&mut conn)
        .await
}
