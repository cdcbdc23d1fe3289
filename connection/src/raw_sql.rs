//! Whether a query holds SQL text that the query builder did not write.

use std::any::type_name;

use diesel::pg::Pg;
use diesel::query_builder::{QueryFragment, QueryId};

/// Names of Diesel's types for SQL in text: `diesel::dsl::sql` and `diesel::sql_query`.
const TEXTS: [&str; 2] = ["SqlLiteral", "SqlQuery"];

/// Names of Diesel's types that hide the types of their parts.
const BOXES: [&str; 2] = ["BoxedSelectStatement", "dyn "];

/// Whether the query may hold such text.
///
/// Diesel writes a query's parts into its type, and gives a static id to queries whose type alone decides their SQL; so
/// most are known at compile time to hold none. Of the others the type's name tells. Boxed queries hide their parts and
/// say instead that their SQL may not be cached, as text makes them.
pub(crate) fn is_in<Query: QueryFragment<Pg> + QueryId>(query: &Query) -> bool {
    if Query::HAS_STATIC_QUERY_ID {
        return false;
    }
    let name = type_name::<Query>();
    if TEXTS.iter().any(|text| name.contains(text)) {
        return true;
    }
    BOXES.iter().any(|hidden| name.contains(hidden))
        && !query.is_safe_to_cache_prepared(&Pg).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use diesel::dsl::sql;
    use diesel::pg::Pg;
    use diesel::prelude::*;
    use diesel::query_builder::AsQuery;
    use diesel::sql_types::{Bool, Text};

    use super::*;

    diesel::table! {
        notes (id) {
            id -> Integer,
            title -> Text,
        }
    }

    fn is_text<Source>(source: Source) -> bool
    where
        Source: AsQuery,
        Source::Query: QueryFragment<Pg> + QueryId,
    {
        is_in(&source.as_query())
    }

    #[test]
    fn what_the_builder_writes_is_no_text() {
        assert!(!is_text(notes::table));
        assert!(!is_text(notes::table.find(1).select(notes::title)));
        assert!(!is_text(notes::table.filter(notes::id.eq_any([1, 2]))));
        let boxed = notes::table.into_boxed().filter(notes::title.eq("x"));
        assert!(!is_text(boxed.filter(notes::id.eq_any([1, 2])).limit(3)));
        let row = (notes::id.eq(1), notes::title.eq("x"));
        assert!(!is_in(&diesel::insert_into(notes::table).values(row)));
        assert!(!is_in(
            &diesel::insert_into(notes::table).values(vec![row, row])
        ));
        assert!(!is_in(
            &diesel::update(notes::table.find(1)).set(notes::title.eq("x"))
        ));
        assert!(!is_in(&diesel::delete(notes::table.find(1))));
    }

    #[test]
    fn text_is_found_wherever_it_stands() {
        let condition = || sql::<Bool>("true");
        assert!(is_text(diesel::select(sql::<Text>("'x'"))));
        assert!(is_text(notes::table.filter(condition())));
        assert!(is_text(
            notes::table.filter(notes::id.eq(1).and(condition()))
        ));
        assert!(is_text(notes::table.into_boxed().filter(condition())));
        assert!(is_text(
            notes::table.into_boxed().order(sql::<Text>("title"))
        ));
        assert!(is_in(
            &diesel::update(notes::table.find(1)).set(notes::title.eq(sql::<Text>("'x'")))
        ));
        assert!(is_in(&diesel::delete(notes::table.filter(condition()))));
        let conditions: Box<dyn BoxableExpression<notes::table, Pg, SqlType = Bool>> =
            Box::new(condition());
        assert!(is_text(notes::table.filter(conditions)));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "raw SQL is what is found")]
    fn a_query_of_nothing_but_text_is_found() {
        assert!(is_in(&diesel::sql_query("SELECT 1")));
        assert!(is_in(&diesel::sql_query("SELECT 1").into_boxed::<Pg>()));
    }
}
