//! The template schema: tables that an operator defined in SQL in `tenant_template`, built again in every tenant.

use connection::PlatformConn;
use diesel::QueryResult;
use platform_schema::SchemaName;
use tenant_schema::catalog::Catalog;
use tenant_schema::definition::SchemaDefinition;

use super::ddl;
use super::identifier::quote_identifier;
use super::introspect::introspect;
use super::namespace::Namespace;
use super::plan::Fingerprint;

/// The template schema as it stood when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// What it is made of. Objects that the engine does not manage stay where they are.
    pub structure: SchemaDefinition,
    /// Hashes of that.
    pub fingerprint: Fingerprint,
}

impl Template {
    /// Reads the template schema as it stands now; it is empty where there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn read(conn: &PlatformConn) -> QueryResult<Self> {
        let mut read = introspect(&[namespace()], conn).await?;
        Ok(read.pop().map_or_else(Self::default, |live| Self {
            structure: live.structure,
            fingerprint: live.fingerprint,
        }))
    }

    /// Statements that build the template's tables in the schema that the path names, with sequences of their own: a
    /// copy by `LIKE … INCLUDING DEFAULTS` would draw its numbers from the template's sequence, and so from every other
    /// tenant's.
    pub fn create(&self) -> Vec<String> {
        let SchemaDefinition {
            enums,
            sequences,
            tables,
        } = &self.structure;
        let catalog = Catalog {
            enums: enums.clone(),
            tables: tables.clone(),
        };
        let mut statements: Vec<String> = sequences.iter().map(ddl::create_sequence).collect();
        statements.extend(ddl::create_catalog(&catalog));
        let owned = (sequences.iter()).filter(|sequence| sequence.owner.is_some());
        statements.extend(owned.map(ddl::own_sequence));
        statements.extend(comments(&self.structure));
        statements
    }
}

/// `COMMENT ON` types and sequences, for those that have one. Tables carry their own.
fn comments(structure: &SchemaDefinition) -> Vec<String> {
    let types = (structure.enums.iter()).map(|kind| ("TYPE", &kind.name, &kind.comment));
    let columns = (structure.tables.iter()).flat_map(|table| &table.columns);
    let of_identities = columns
        .filter_map(|column| column.identity.as_ref())
        .filter_map(|identity| identity.sequence.as_ref());
    let sequences = (structure.sequences.iter())
        .chain(of_identities)
        .map(|sequence| ("SEQUENCE", &sequence.name, &sequence.comment));
    types
        .chain(sequences)
        .filter(|(_, _, text)| text.is_some())
        .map(|(kind, name, text)| {
            let object = format!("{kind} {}", quote_identifier(name));
            ddl::comment(&object, text.as_deref())
        })
        .collect()
}

/// The template schema's name.
pub(super) fn namespace() -> Namespace {
    Namespace::from(&SchemaName::template())
}
