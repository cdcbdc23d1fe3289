//! A question about schemas, as a query that the connection prepares once and keeps.
//!
//! PostgreSQL takes as long to plan these statements as to run them for one schema. Diesel knows a prepared statement by
//! its type, so each question is a type of its own.

use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Text, Untyped};

use super::statement::{FINGERPRINTS, INTROSPECT, Statement};
use crate::provisioner::namespace::Namespace;

/// What is asked about schemas.
pub(super) trait About: Send + Sync + 'static {
    /// The statement that answers it.
    fn statement() -> &'static Statement;
}

/// What they hold.
#[derive(Debug)]
pub(super) struct Contents;

/// What their hashes are.
#[derive(Debug)]
pub(super) struct Hash;

impl About for Contents {
    fn statement() -> &'static Statement {
        &INTROSPECT
    }
}

impl About for Hash {
    fn statement() -> &'static Statement {
        &FINGERPRINTS
    }
}

/// A question about schemas of these names.
#[derive(Debug)]
pub(super) struct Question<'schema, A> {
    schemas: Vec<&'schema str>,
    about: PhantomData<A>,
}

impl<'schema, A> Question<'schema, A> {
    pub(super) fn new(schemas: &'schema [Namespace]) -> Self {
        Self {
            schemas: schemas.iter().map(Namespace::as_str).collect(),
            about: PhantomData,
        }
    }
}

impl<A: About> QueryFragment<Pg> for Question<'_, A> {
    fn walk_ast<'query>(&'query self, mut out: AstPass<'_, 'query, Pg>) -> QueryResult<()> {
        let (before, after) = A::statement();
        out.push_sql(before);
        out.push_bind_param::<Array<Text>, _>(&self.schemas)?;
        out.push_sql(after);
        Ok(())
    }
}

impl<A: About> QueryId for Question<'_, A> {
    type QueryId = Question<'static, A>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<A: About> Query for Question<'_, A> {
    type SqlType = Untyped;
}
