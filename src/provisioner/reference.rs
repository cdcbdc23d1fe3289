//! The reference schema: the desired state, built once on the same server so that PostgreSQL itself reads it back.
//!
//! Its name holds a hash of everything that it follows from, so a schema of that name is what it should be.

use std::sync::Arc;

use aws_lc_rs::digest;
use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use platform_schema::SchemaName;
use tokio::sync::Mutex;

use super::identifier::{quote_identifier, quote_literal};
use super::introspect::{self, LiveSchema, introspect};
use super::namespace::Namespace;
use super::template::Template;
use super::{ProvisionError, Provisioner, raw_sql};
use crate::config::Isolation;

/// What a reference schema's comment says. A schema of such a name without it is somebody else's.
const MARKER: &str =
    "What tenants should be like, read back by the engine. Made again when it is dropped.";

/// Held while a reference schema is made, so that processes that need it at once make it once.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('rowhouse reference schema', 0))";

/// Reference schemas of this database, by name.
const REFERENCES: &str = "
    SELECT n.nspname::text AS name FROM pg_namespace n
     WHERE n.nspname ~ '^tenant_reference_[0-9a-f]{12}$' AND obj_description(n.oid, 'pg_namespace') = $1
     ORDER BY 1";

/// The desired state of tenants.
#[derive(Debug, Clone)]
pub(super) struct Desired {
    /// Name of the reference schema.
    schema: SchemaName,
    /// The template that it was built from.
    pub(super) template: Arc<Template>,
    /// The reference schema as PostgreSQL reads it back.
    pub(super) live: Arc<LiveSchema>,
}

/// The last desired state that this process has seen. The lock makes tasks that need another one wait for the first.
pub(super) type DesiredCache = Mutex<Option<Desired>>;

#[derive(Debug, QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Provisioner {
    /// The desired state as PostgreSQL reads it back: the models and the template of this moment, without a tenant's role
    /// and rights. Made on first use; references of another version are dropped then.
    ///
    /// # Errors
    /// `Database` or `Query`, also when models and template contradict each other.
    pub async fn reference(&self, conn: &PlatformConn) -> Result<Arc<LiveSchema>, ProvisionError> {
        Ok(self.desired(conn).await?.live)
    }

    /// The desired state with the template that it follows from.
    ///
    /// # Errors
    /// As of [`Self::reference`].
    pub(super) async fn desired(&self, conn: &PlatformConn) -> Result<Desired, ProvisionError> {
        let template = Template::current_fingerprint(conn).await?;
        let version = server_version_number(conn).await?;
        let schema = self.reference_name(&template.structure, &template.column_order, &version)?;
        let mut cached = self.desired.lock().await;
        if let Some(desired) = &*cached
            && desired.schema == schema
        {
            return Ok(desired.clone());
        }
        let desired = self.make_reference(&version).await?;
        *cached = Some(desired.clone());
        Ok(desired)
    }

    /// Builds the reference schema unless another process has, and reads it.
    async fn make_reference(&self, server_version: &str) -> Result<Desired, ProvisionError> {
        let mut conn = self.connector.connect().await?;
        conn.begin().await?;
        conn.batch(LOCK).await?;
        let template = Template::read(&conn).await?;
        let (structure, order) = (
            &template.fingerprint.structure,
            &template.fingerprint.column_order,
        );
        let schema = self.reference_name(structure, order, server_version)?;
        let present = references(&conn).await?;
        if !present.iter().any(|name| name == schema.as_str()) {
            for stale in &present {
                let drop = format!("DROP SCHEMA {} CASCADE", quote_identifier(stale));
                conn.batch(&drop).await?;
            }
            let build = self
                .blueprint
                .create_schema(&schema, &template, Isolation::Path);
            let mark = format!(
                "COMMENT ON SCHEMA {} IS {}",
                schema.quoted(),
                quote_literal(MARKER)
            );
            conn.batch(&format!("{build};\n{mark}")).await?;
        }
        let live = introspect(&[Namespace::from(&schema)], &conn).await?.pop();
        conn.commit().await?;
        Ok(Desired {
            schema,
            template: Arc::new(template),
            live: Arc::new(live.ok_or(diesel::NotFound)?),
        })
    }

    /// The name of the schema that holds what these lead to.
    fn reference_name(
        &self,
        template_structure: &str,
        template_order: &str,
        server_version: &str,
    ) -> Result<SchemaName, ProvisionError> {
        let ingredients = [
            self.blueprint.version(),
            template_structure,
            template_order,
            server_version,
            introspect::VERSION,
        ];
        let hash = digest::digest(&digest::SHA256, ingredients.join("\n").as_bytes());
        let digits = (hash.as_ref().iter().take(6))
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let name = format!("tenant_reference_{digits}");
        let Ok(schema) = name.parse() else {
            return Err(ProvisionError::UnknownSchema(name));
        };
        Ok(schema)
    }
}

async fn references(mut conn: &PlatformConn) -> QueryResult<Vec<String>> {
    let rows: Vec<Name> = raw_sql(REFERENCES)
        .bind::<Text, _>(MARKER)
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Another minor version may deparse in another way as well.
async fn server_version_number(mut conn: &PlatformConn) -> QueryResult<String> {
    let row: Name = raw_sql("SELECT current_setting('server_version_num') AS name")
        .get_result(&mut conn)
        .await?;
    Ok(row.name)
}
