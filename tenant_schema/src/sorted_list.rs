//! Lists of the nouns that are no plain resource, whose lists `#[derive(Resource)]` writes.

/// Writes what rows of `$table` are compared by, and the pages of their lists.
///
/// A key stands beside its column or expression; one that can be NULL says `nulls_last`, which holds in both directions.
/// `$filter` has `apply`, which gives the query that filters.
macro_rules! sorted_list {
    (
        $model:ident of $table:ident, filtered by $filter:ident;
        $(#[$about:meta])*
        pub enum $keys:ident {
            $($(#[$doc:meta])* $key:ident => $compared:expr $(; $nulls_last:ident)?,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $keys {
            $($(#[$doc])* $key,)+
        }

        const _: () = {
            use connection::TenantConn;
            use diesel::pg::Pg;
            use diesel::prelude::*;
            use $crate::resource::Order;

            impl Order<$keys> {
                fn apply(self, query: $table::BoxedQuery<'_, Pg>) -> $table::BoxedQuery<'_, Pg> {
                    match (self.key, self.descending) {
                        $(
                            ($keys::$key, false) => {
                                query.then_order_by($compared.asc()$(.$nulls_last())?)
                            }
                            ($keys::$key, true) => {
                                query.then_order_by($compared.desc()$(.$nulls_last())?)
                            }
                        )+
                    }
                }
            }

            impl $model {
                /// At most `limit` rows after the first `offset`, compared by `orders` and at last by id: equal ones would
                /// otherwise change places from page to page.
                pub async fn list(
                    filter: &$filter,
                    orders: &[Order<$keys>],
                    limit: i64,
                    offset: i64,
                    mut conn: &TenantConn,
                ) -> QueryResult<Vec<Self>> {
                    let page = orders
                        .iter()
                        .fold(filter.apply(), |query, order| order.apply(query))
                        .then_order_by($table::id.asc())
                        .select(Self::as_select())
                        .limit(limit)
                        .offset(offset);
                    diesel_async::RunQueryDsl::load(page, &mut conn).await
                }

                /// How many rows pass the filter.
                pub async fn count(filter: &$filter, mut conn: &TenantConn) -> QueryResult<i64> {
                    let count = filter.apply().count();
                    diesel_async::RunQueryDsl::get_result(count, &mut conn).await
                }
            }
        };
    };
}

pub(crate) use sorted_list;
