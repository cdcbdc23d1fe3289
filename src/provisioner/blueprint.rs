//! The blueprint: everything a tenant schema is built from, as SQL without a schema's name in it.

use std::collections::HashSet;

use aws_lc_rs::digest;
use platform_schema::SchemaName;
use tenant_schema::catalog::Catalog;
use tenant_schema::definition::{SchemaDefinition, TableDefinition};

use super::ddl;
use super::identifier::quote_identifier;
use super::template::{self, Template};
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

    /// Statements that build what the names in `existing` lack, for a schema that the path names.
    pub fn create_missing(&self, existing: &HashSet<String>, template: &Template) -> Vec<String> {
        let is_missing = |name: &str| !existing.contains(name);
        let whole = self.with(template);
        let SchemaDefinition {
            enums,
            sequences,
            tables,
        } = &whole;
        let enums = enums.iter().filter(|kind| is_missing(&kind.name));
        let sequences = || {
            sequences
                .iter()
                .filter(|sequence| is_missing(&sequence.name))
        };
        let mut statements: Vec<String> = enums.map(ddl::create_enum).collect();
        statements.extend(sequences().map(ddl::create_sequence));
        let (missing, present): (Vec<_>, Vec<_>) =
            tables.iter().partition(|table| is_missing(&table.name));
        statements.extend(missing.iter().map(|table| ddl::create_table(table)));
        statements.extend(
            present
                .iter()
                .flat_map(|table| missing_constraints(table, &is_missing)),
        );
        for table in tables {
            let indexes = table.indexes.iter().filter(|index| is_missing(&index.name));
            statements.extend(indexes.map(|index| ddl::create_index(&table.name, index)));
        }
        for table in tables {
            let keys = table
                .foreign_keys
                .iter()
                .filter(|key| is_missing(&key.name));
            statements.extend(keys.map(|key| ddl::add_foreign_key(&table.name, key)));
        }
        statements.extend(missing.iter().flat_map(|table| ddl::comments(table)));
        statements.extend(template::owners(sequences()));
        statements.extend(template::comments(&whole, is_missing));
        statements
    }

    /// Everything that a tenant is built from.
    fn with(&self, template: &Template) -> SchemaDefinition {
        let mut whole = template.structure.clone();
        whole.enums.extend(self.catalog.enums.iter().cloned());
        whole.tables.extend(self.catalog.tables.iter().cloned());
        whole
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

/// The tenant's role, which nobody can log in as, lent to the login role that makes it. Takes the quoted name.
pub fn create_role(role: &str) -> String {
    format!("CREATE ROLE {role} NOLOGIN NOINHERIT;\nGRANT {role} TO CURRENT_USER")
}

fn missing_constraints(table: &TableDefinition, is_missing: &impl Fn(&str) -> bool) -> Vec<String> {
    let uniques = table
        .uniques
        .iter()
        .filter(|unique| is_missing(&unique.name))
        .map(ddl::unique);
    let checks = table
        .checks
        .iter()
        .filter(|check| is_missing(&check.name))
        .map(ddl::check);
    uniques
        .chain(checks)
        .map(|constraint| ddl::add_constraint(&table.name, &constraint))
        .collect()
}
