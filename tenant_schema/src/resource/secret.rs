//! A secret of a record: given by clients, sealed before it is kept, and never shown.

use std::fmt;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::{Deserialize, Deserializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Longest secret, in bytes.
const LONGEST: usize = 4096;

/// A secret. It can be bound to a column only once it is sealed.
#[derive(Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Secret(State);

#[derive(Clone, PartialEq, Eq)]
enum State {
    Given(String),
    Sealed(String),
}

impl Secret {
    /// Seals what was given.
    ///
    /// # Errors
    /// What `seal` says.
    pub fn seal<E>(&mut self, seal: impl FnOnce(&str) -> Result<String, E>) -> Result<(), E> {
        if let State::Given(text) = &self.0 {
            self.0 = State::Sealed(seal(text)?);
        }
        Ok(())
    }

    /// The sealed text; none before it was sealed.
    pub fn sealed(&self) -> Option<&str> {
        match &self.0 {
            State::Given(_) => None,
            State::Sealed(text) => Some(text),
        }
    }

    /// # Errors
    /// What is wrong with what was given.
    pub fn check(&self) -> Result<(), &'static str> {
        match &self.0 {
            State::Given(text) if !(1..=LONGEST).contains(&text.len()) => {
                Err("must be 1 to 4096 bytes")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(State::Given(text)))
    }
}

impl ToSql<Text, Pg> for Secret {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let sealed = self.sealed().ok_or("a secret was not sealed")?;
        <str as ToSql<Text, Pg>>::to_sql(sealed, out)
    }
}

impl FromSql<Text, Pg> for Secret {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Pg>>::from_sql(bytes)?;
        Ok(Self(State::Sealed(text)))
    }
}

impl ToSchema for Secret {}

impl PartialSchema for Secret {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST))
            .write_only(true);
        text.into()
    }
}
