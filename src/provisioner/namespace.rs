//! Namespaces: schemas of the database that exist, tenants' or anybody's, but PostgreSQL's own.

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use platform_schema::SchemaName;
use uuid::Uuid;

use super::identifier::quote_identifier;
use super::{ProvisionError, raw_sql};

/// The schema of the platform itself.
const PLATFORM: &str = "shared";

/// The name of a schema that the engine may look at. It quotes itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace(String);

#[derive(Debug, QueryableByName)]
struct Presence {
    #[diesel(sql_type = Bool)]
    present: bool,
}

impl Namespace {
    /// The schema of this name, as it is spelled in the catalog.
    ///
    /// # Errors
    /// `UnknownSchema` when there is none, `ReservedSchema` when it is PostgreSQL's own.
    pub async fn find(name: &str, conn: &PlatformConn) -> Result<Self, ProvisionError> {
        if name.starts_with("pg_") || name == "information_schema" {
            return Err(ProvisionError::ReservedSchema {
                schema: name.to_owned(),
                reason: "PostgreSQL's own, which the engine does not look at",
            });
        }
        if is_present(name, conn).await? {
            return Ok(Self(name.to_owned()));
        }
        Err(ProvisionError::UnknownSchema(name.to_owned()))
    }

    /// The name of a schema that is made for one question and taken back.
    pub(super) fn scratch(id: Uuid) -> Self {
        Self(format!("tenant_scratch_{}", id.simple()))
    }

    /// Refuses the schema that the platform's migrations look after.
    pub(super) fn check_changeable(&self) -> Result<(), ProvisionError> {
        if self.0 != PLATFORM {
            return Ok(());
        }
        Err(ProvisionError::ReservedSchema {
            schema: self.0.clone(),
            reason: "the platform's own, which its migrations alone change (hint: `provision init` runs them)",
        })
    }

    /// The name as PostgreSQL's catalog has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a quoted identifier.
    pub fn quoted(&self) -> String {
        quote_identifier(&self.0)
    }

    /// The statement that makes this schema the whole path, until the transaction ends.
    pub fn set_local_path(&self) -> String {
        format!("SET LOCAL search_path = {}", self.quoted())
    }
}

impl From<&SchemaName> for Namespace {
    fn from(name: &SchemaName) -> Self {
        Self(name.as_str().to_owned())
    }
}

async fn is_present(name: &str, mut conn: &PlatformConn) -> QueryResult<bool> {
    let found: Presence =
        raw_sql("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS present")
            .bind::<Text, _>(name)
            .get_result(&mut conn)
            .await?;
    Ok(found.present)
}
