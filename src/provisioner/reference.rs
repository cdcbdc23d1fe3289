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
use super::plan::Fingerprint;
use super::template::{self, Template};
use super::{ProvisionError, Provisioner, raw_sql};
use crate::config::Isolation;

/// How a reference schema's comment begins; its fingerprint follows. A schema of such a name without it is somebody
/// else's.
const MARKER: &str =
    "What tenants should be like, read back by the engine. Made again when it is dropped.";

/// Held while a reference schema is made, so that processes that need it at once make it once.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('rowhouse reference schema', 0))";

/// Reference schemas of this database, by name.
const REFERENCES: &str = "
    SELECT n.nspname::text AS name, d.description AS comment
      FROM pg_namespace n
      CROSS JOIN LATERAL (SELECT obj_description(n.oid, 'pg_namespace') AS description) d
     WHERE n.nspname ~ '^tenant_reference_[0-9a-f]{12}$' AND starts_with(d.description, $1)
     ORDER BY 1";

/// The desired state of tenants.
#[derive(Debug, Clone)]
pub(super) struct Desired {
    /// Name of the reference schema.
    schema: SchemaName,
    /// The reference schema as PostgreSQL reads it back.
    live: Arc<LiveSchema>,
}

/// What a new tenant is built from, and what it has to be like then.
#[derive(Debug)]
pub(super) struct Target {
    /// The template of this moment.
    pub(super) template: Arc<Template>,
    /// The hashes of the reference schema that follows from it.
    pub(super) fingerprint: Fingerprint,
}

/// The last desired state that this process has seen. The lock makes tasks that need another one wait for the first.
pub(super) type DesiredCache = Mutex<Option<Desired>>;

/// The last template that this process has read.
pub(super) type TemplateCache = Mutex<Option<Arc<Template>>>;

/// How a schema stands to the desired state.
#[derive(Debug)]
pub(super) struct SchemaStanding {
    /// Hashes of the desired state.
    pub(super) desired: Fingerprint,
    /// Hashes of the schema as it is.
    pub(super) live: Fingerprint,
}

/// Which reference schema is the one of this moment.
#[derive(Debug)]
struct Current {
    schema: SchemaName,
    /// The hashes of the template that it follows from.
    template: Fingerprint,
    server_version: String,
}

#[derive(Debug, QueryableByName)]
struct Reference {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    comment: String,
}

impl Provisioner {
    /// The desired state as PostgreSQL reads it back: the models and the template of this moment, without a tenant's role
    /// and rights. Made on first use; references of another version are dropped then.
    ///
    /// # Errors
    /// `Database` or `Query`, also when models and template contradict each other.
    pub async fn reference(&self, conn: &PlatformConn) -> Result<Arc<LiveSchema>, ProvisionError> {
        let current = self.survey(None, conn).await?.0;
        Ok(self.read_reference(&current).await?.live)
    }

    /// What a new tenant is built from. A reference that is there is not read for it: its hashes stand in its comment.
    ///
    /// # Errors
    /// As of [`Self::reference`].
    pub(super) async fn target(&self, conn: &PlatformConn) -> Result<Target, ProvisionError> {
        // Somebody may change the template meanwhile; then it begins again.
        loop {
            let (current, _) = self.survey(None, conn).await?;
            let Some(fingerprint) = self.noted_fingerprint(&current, conn).await? else {
                self.read_reference(&current).await?;
                continue;
            };
            let template = self.read_template(&current.template, conn).await?;
            if template.fingerprint == current.template {
                return Ok(Target {
                    template,
                    fingerprint,
                });
            }
        }
    }

    /// The template, which is only read where this process has not seen it with these hashes.
    async fn read_template(
        &self,
        fingerprint: &Fingerprint,
        conn: &PlatformConn,
    ) -> Result<Arc<Template>, ProvisionError> {
        let mut cached = self.template.lock().await;
        if let Some(template) = &*cached
            && template.fingerprint == *fingerprint
        {
            return Ok(Arc::clone(template));
        }
        let template = Arc::new(Template::read(conn).await?);
        *cached = Some(Arc::clone(&template));
        Ok(template)
    }

    /// Compares a schema with the desired state by their hashes, without reading either.
    ///
    /// # Errors
    /// As of [`Self::reference`].
    pub(super) async fn standing(
        &self,
        schema: &Namespace,
        conn: &PlatformConn,
    ) -> Result<SchemaStanding, ProvisionError> {
        let (current, live) = self.survey(Some(schema), conn).await?;
        let desired = match self.noted_fingerprint(&current, conn).await? {
            Some(fingerprint) => fingerprint,
            None => self
                .read_reference(&current)
                .await?
                .live
                .fingerprint
                .clone(),
        };
        Ok(SchemaStanding { desired, live })
    }

    /// Hashes the template, and with it a schema, in one question.
    async fn survey(
        &self,
        schema: Option<&Namespace>,
        conn: &PlatformConn,
    ) -> Result<(Current, Fingerprint), ProvisionError> {
        let mut schemas = vec![template::namespace()];
        schemas.extend(schema.cloned());
        let survey = introspect::survey(&schemas, conn).await?;
        let mut fingerprints = survey.fingerprints.into_iter();
        let template = fingerprints.next().unwrap_or_default();
        let server_version = survey.server_version;
        let current = Current {
            schema: self.reference_name(&template, &server_version)?,
            template,
            server_version,
        };
        Ok((current, fingerprints.next().unwrap_or_default()))
    }

    /// The reference's hashes, by its comment where this process has not read it yet; none where there is no reference.
    async fn noted_fingerprint(
        &self,
        current: &Current,
        conn: &PlatformConn,
    ) -> Result<Option<Fingerprint>, ProvisionError> {
        if let Some(desired) = &*self.desired.lock().await
            && desired.schema == current.schema
        {
            return Ok(Some(desired.live.fingerprint.clone()));
        }
        let present = references(conn).await?;
        Ok(present.iter().find_map(|reference| {
            (reference.name == current.schema.as_str()).then(|| reference.fingerprint())?
        }))
    }

    async fn read_reference(&self, current: &Current) -> Result<Desired, ProvisionError> {
        let mut cached = self.desired.lock().await;
        if let Some(desired) = &*cached
            && desired.schema == current.schema
        {
            return Ok(desired.clone());
        }
        let desired = self.make_reference(&current.server_version).await?;
        *cached = Some(desired.clone());
        Ok(desired)
    }

    /// Builds the reference schema unless another process has, and reads it.
    async fn make_reference(&self, server_version: &str) -> Result<Desired, ProvisionError> {
        let mut conn = self.connector.connect().await?;
        conn.begin().await?;
        conn.batch(LOCK).await?;
        let template = Template::read(&conn).await?;
        let schema = self.reference_name(&template.fingerprint, server_version)?;
        let present = references(&conn).await?;
        let live = match find_unchanged(&schema, &present, &conn).await? {
            Some(live) => live,
            None => {
                self.build_reference(&schema, &template, &present, &conn)
                    .await?
            }
        };
        conn.commit().await?;
        Ok(Desired {
            schema,
            live: Arc::new(live),
        })
    }

    /// Builds the reference schema in place of those that there are.
    async fn build_reference(
        &self,
        schema: &SchemaName,
        template: &Template,
        present: &[Reference],
        conn: &PlatformConn,
    ) -> Result<LiveSchema, ProvisionError> {
        for stale in present {
            let name = quote_identifier(&stale.name);
            conn.batch(&format!("DROP SCHEMA {name} CASCADE")).await?;
        }
        let build = self
            .blueprint
            .create_schema(schema, template, Isolation::Path);
        conn.batch(&build).await?;
        let live = read(schema, conn).await?;
        let comment = quote_literal(&comment(&live.fingerprint));
        let name = schema.quoted();
        conn.batch(&format!("COMMENT ON SCHEMA {name} IS {comment}"))
            .await?;
        Ok(live)
    }

    /// The name of the schema that holds what these lead to.
    fn reference_name(
        &self,
        template: &Fingerprint,
        server_version: &str,
    ) -> Result<SchemaName, ProvisionError> {
        let ingredients = [
            self.blueprint.version(),
            &template.structure,
            &template.column_order,
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

impl Reference {
    /// The hashes that the schema had when it was made.
    fn fingerprint(&self) -> Option<Fingerprint> {
        let (structure, column_order) = self
            .comment
            .strip_prefix(MARKER)?
            .trim_start()
            .split_once(' ')?;
        Some(Fingerprint {
            structure: structure.to_owned(),
            column_order: column_order.to_owned(),
        })
    }
}

fn comment(fingerprint: &Fingerprint) -> String {
    let Fingerprint {
        structure,
        column_order,
    } = fingerprint;
    format!("{MARKER} {structure} {column_order}")
}

/// The schema of this name, unless it is missing or somebody has changed it since it was made.
async fn find_unchanged(
    schema: &SchemaName,
    present: &[Reference],
    conn: &PlatformConn,
) -> QueryResult<Option<LiveSchema>> {
    let Some(reference) = (present.iter()).find(|reference| reference.name == schema.as_str())
    else {
        return Ok(None);
    };
    let live = read(schema, conn).await?;
    let is_unchanged = reference.fingerprint().as_ref() == Some(&live.fingerprint);
    Ok(is_unchanged.then_some(live))
}

async fn read(schema: &SchemaName, conn: &PlatformConn) -> QueryResult<LiveSchema> {
    let read = introspect(&[Namespace::from(schema)], conn).await?;
    read.into_iter().next().ok_or(diesel::NotFound)
}

async fn references(mut conn: &PlatformConn) -> QueryResult<Vec<Reference>> {
    raw_sql(REFERENCES)
        .bind::<Text, _>(MARKER)
        .load(&mut conn)
        .await
}
