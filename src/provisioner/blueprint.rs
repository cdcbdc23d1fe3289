//! The blueprint: everything a tenant schema is built from, as SQL without a schema's name in it.

use aws_lc_rs::digest;
use platform_schema::SchemaName;
use tenant_schema::catalog::Catalog;

use super::ddl;
use super::identifier::quote_identifier;
use super::template::Template;
use crate::config::Isolation;

/// The catalog of the models with its DDL, rendered once per process.
#[derive(Debug, Clone)]
pub struct Blueprint {
    catalog: Catalog,
    body: String,
    version: String,
}

impl Blueprint {
    /// Renders a catalog.
    pub fn of(catalog: Catalog) -> Self {
        let body = ddl::create_catalog(&catalog).join(";\n");
        let hash = digest::digest(&digest::SHA256, body.as_bytes());
        let prefix = hash.as_ref().get(..6).unwrap_or_default();
        let version = prefix
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        Self {
            catalog,
            body,
            version,
        }
    }

    /// The models.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Version of the catalog: 12 hexadecimal digits of the SHA-256 of its DDL.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The batch that builds `schema` with its role. Runs inside a transaction and leaves the path on the new schema.
    pub fn create_schema(
        &self,
        schema: &SchemaName,
        template: &Template,
        isolation: Isolation,
    ) -> String {
        let name = schema.quoted();
        let mut statements = vec![
            format!("CREATE SCHEMA {name}"),
            format!("SET LOCAL search_path = {name}"),
            self.body.clone(),
        ];
        statements.extend(template.create());
        if isolation == Isolation::Role {
            statements.push(create_role(&name));
            statements.push(self.grant(&name));
        }
        statements.join(";\n")
    }

    /// Rights of the tenant's role: its own rows and nothing else. Repeating it changes nothing.
    pub fn grant(&self, schema: &str) -> String {
        let mut statements = vec![
            format!("GRANT USAGE ON SCHEMA {schema} TO {schema}"),
            format!(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {schema}"
            ),
            format!("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {schema}"),
        ];
        let append_only = self.catalog.tables.iter().filter(|table| table.append_only);
        statements.extend(append_only.map(|table| {
            format!(
                "REVOKE UPDATE, DELETE ON TABLE {schema}.{} FROM {schema}",
                quote_identifier(&table.name)
            )
        }));
        statements.join(";\n")
    }
}

/// The tenant's role, which nobody can log in as. Takes the quoted name.
pub fn create_role(role: &str) -> String {
    format!("CREATE ROLE {role} NOLOGIN NOINHERIT")
}
