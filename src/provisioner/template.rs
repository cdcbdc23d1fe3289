//! The template schema: tables that an operator defined in SQL in `tenant_template`, copied into every tenant.

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{Array, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::identifier::{quote_identifier, quote_literal};

/// Name of the template schema.
pub const TEMPLATE_SCHEMA: &str = "tenant_template";

/// One table of the template schema.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct TemplateTable {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its foreign keys as `CONSTRAINT "name" FOREIGN KEY …`, unqualified. `LIKE` leaves them out.
    #[diesel(sql_type = Array<Text>)]
    pub foreign_keys: Vec<String>,
    /// Its comment. `LIKE` copies those of the columns alone.
    #[diesel(sql_type = Nullable<Text>)]
    pub comment: Option<String>,
}

/// Tables in the order of their names. `pg_get_constraintdef` names a table without its schema while that schema is on
/// the path, which is what lets the text be used in another one.
const TABLES: &str = "
    SELECT c.relname::text AS name,
           coalesce((SELECT array_agg(format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)) ORDER BY k.conname)
                       FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f'), '{}') AS foreign_keys,
           obj_description(c.oid, 'pg_class') AS comment
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'tenant_template' AND c.relkind IN ('r', 'p')
     ORDER BY c.relname";

impl TemplateTable {
    /// Reads the template schema as it stands now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn all(mut conn: &PlatformConn) -> QueryResult<Vec<Self>> {
        conn.batch("SET LOCAL search_path = tenant_template")
            .await?;
        super::raw_sql(TABLES).load(&mut conn).await
    }

    /// `CREATE TABLE` as a copy: columns, defaults, constraints, indexes, identity, comments.
    pub fn create(&self) -> String {
        let name = quote_identifier(&self.name);
        let create = format!(
            "CREATE TABLE {name} (LIKE {}.{name} INCLUDING ALL)",
            quote_identifier(TEMPLATE_SCHEMA)
        );
        match &self.comment {
            Some(text) => format!(
                "{create};\nCOMMENT ON TABLE {name} IS {}",
                quote_literal(text)
            ),
            None => create,
        }
    }

    /// `ALTER TABLE` for the foreign keys that the copy lacks.
    pub fn add_foreign_keys(&self) -> impl Iterator<Item = String> {
        let name = quote_identifier(&self.name);
        self.foreign_keys
            .iter()
            .map(move |key| format!("ALTER TABLE {name} ADD {key}"))
    }
}
