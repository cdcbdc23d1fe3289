//! Statements of one tenant's own on a connection that serves several: the same SQL with a mark, under which they are kept.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A query that ends with a mark, a comment in SQL.
#[derive(Debug)]
pub(crate) struct MarkedQuery<'q, Inner> {
    pub(crate) query: &'q Inner,
    pub(crate) mark: &'q str,
}

impl<Inner: QueryFragment<Pg>> QueryFragment<Pg> for MarkedQuery<'_, Inner> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(pass.reborrow())?;
        pass.push_sql(self.mark);
        Ok(())
    }
}

/// No id: Diesel tells such statements apart by their text.
impl<Inner> QueryId for MarkedQuery<'_, Inner> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Inner: Query> Query for MarkedQuery<'_, Inner> {
    type SqlType = Inner::SqlType;
}
