//! The list of teams: filters, order and pages.

use connection::TenantConn;
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::super::team_member::team_members;
use super::{Team, teams};
use crate::resource::{Order, containing, lower};

/// Which teams a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TeamFilter {
    /// Part of the name or the description, in any case.
    pub search: Option<String>,
    /// Teams that this user belongs to.
    pub user_id: Option<Uuid>,
    /// Deleted teams as well.
    pub include_deleted: bool,
}

/// What teams are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TeamSortKey {
    /// Name, regardless of case.
    Name,
    /// When the team was made.
    CreatedAt,
}

type Filtered<'a> = teams::BoxedQuery<'a, Pg>;

impl TeamFilter {
    fn apply(&self) -> Filtered<'_> {
        let mut query = teams::table.into_boxed();
        if !self.include_deleted {
            query = query.filter(teams::deleted_at.is_null());
        }
        if let Some(user_id) = self.user_id {
            let place = team_members::table
                .filter(team_members::team_id.eq(teams::id))
                .filter(team_members::user_id.eq(user_id));
            query = query.filter(exists(place));
        }
        if let Some(part) = &self.search {
            let pattern = containing(part);
            let by_name = teams::name.ilike(pattern.clone());
            // A description that is NULL makes its condition NULL, which matches nothing by itself.
            query = query.filter(by_name.nullable().or(teams::description.ilike(pattern)));
        }
        query
    }
}

impl Order<TeamSortKey> {
    fn apply(self, query: Filtered<'_>) -> Filtered<'_> {
        match (self.key, self.descending) {
            (TeamSortKey::Name, false) => query.then_order_by(lower(teams::name).asc()),
            (TeamSortKey::Name, true) => query.then_order_by(lower(teams::name).desc()),
            (TeamSortKey::CreatedAt, false) => query.then_order_by(teams::created_at.asc()),
            (TeamSortKey::CreatedAt, true) => query.then_order_by(teams::created_at.desc()),
        }
    }
}

impl Team {
    /// At most `limit` teams after the first `offset`, compared by `orders` and at last by id.
    pub async fn list(
        filter: &TeamFilter,
        orders: &[Order<TeamSortKey>],
        limit: i64,
        offset: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        let sorted = orders
            .iter()
            .fold(filter.apply(), |query, order| order.apply(query));
        sorted
            .then_order_by(teams::id.asc())
            .select(Self::as_select())
            .limit(limit)
            .offset(offset)
            .load(&mut conn)
            .await
    }

    /// How many teams pass the filter.
    pub async fn count(filter: &TeamFilter, mut conn: &TenantConn) -> QueryResult<i64> {
        filter.apply().count().get_result(&mut conn).await
    }
}
