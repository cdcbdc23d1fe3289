//! Since when a tenant wants its calls logged, read without a connection of the tenant's own: its plan may leave it one, which
//! belongs to its requests.

use chrono::{DateTime, Utc};
use connection::PlatformConn;
use platform_schema::Tenant;
use serde_json::Value;
use tenant_schema::settings::Setting;
use tenant_schema::settings::known::AUDIT_REQUESTS;

use super::namespace::Namespace;
use super::{ProvisionError, Provisioner, off_its_path, on_its_path};

impl Provisioner {
    /// Since when the tenant's setting `audit.requests` is on, if it is, read on a connection of the login role that is given
    /// back. An error drops it, and with it the transaction.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn calls_wanted_since(
        &self,
        tenant: &Tenant,
        conn: Option<PlatformConn>,
    ) -> Result<(Option<DateTime<Utc>>, PlatformConn), ProvisionError> {
        let mut conn = match conn {
            Some(conn) => conn,
            None => self.connector.connect().await?,
        };
        conn.begin().await?;
        let schema = Namespace::from(&tenant.schema_name);
        conn.batch(&schema.set_local_path()).await?;
        let conn = on_its_path(conn);
        let setting = Setting::find(AUDIT_REQUESTS, &conn).await?;
        let mut conn = off_its_path(conn);
        conn.commit().await?;
        let on = setting.filter(|setting| setting.value == Value::Bool(true));
        Ok((on.map(|setting| setting.updated_at), conn))
    }
}
