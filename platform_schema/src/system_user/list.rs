//! Lists of system users.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{SystemUser, SystemUserRole, system_users};
use crate::PlatformConn;

/// Which system users to list; nothing is all of them.
#[derive(Debug, Clone, Default)]
pub struct SystemUserFilter {
    /// What they may do.
    pub role: Option<SystemUserRole>,
    /// Whether they may log in.
    pub is_active: Option<bool>,
}

impl SystemUser {
    /// At most `limit` system users after the first `offset`, oldest first.
    pub async fn list(
        filter: &SystemUserFilter,
        limit: i64,
        offset: i64,
        mut conn: &PlatformConn,
    ) -> QueryResult<Vec<Self>> {
        matching(filter)
            .order((system_users::created_at, system_users::id))
            .limit(limit)
            .offset(offset)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }

    /// How many system users there are.
    pub async fn count(filter: &SystemUserFilter, mut conn: &PlatformConn) -> QueryResult<i64> {
        matching(filter).count().get_result(&mut conn).await
    }
}

fn matching(filter: &SystemUserFilter) -> system_users::BoxedQuery<'static, Pg> {
    let mut matching = system_users::table.into_boxed();
    if let Some(role) = filter.role {
        matching = matching.filter(system_users::role.eq(role));
    }
    if let Some(is_active) = filter.is_active {
        matching = matching.filter(system_users::is_active.eq(is_active));
    }
    matching
}
