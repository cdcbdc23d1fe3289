//! The list of teams: filters, order and pages.

use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use uuid::Uuid;

use super::super::team_member::team_members;
use super::{Team, teams};
use crate::resource::{containing, lower};
use crate::sorted_list::sorted_list;

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

sorted_list! {
    Team of teams, filtered by TeamFilter;

    /// What teams are compared by.
    pub enum TeamSortKey {
        /// Name, regardless of case.
        Name => lower(teams::name),
        /// When the team was made.
        CreatedAt => teams::created_at,
    }
}

impl TeamFilter {
    fn apply(&self) -> teams::BoxedQuery<'_, Pg> {
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
