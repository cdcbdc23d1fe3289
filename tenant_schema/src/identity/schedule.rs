//! The schedule of a user: when they work, as the tables say it. How it is judged is decided elsewhere.

use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::role::roles;
use super::user::users;
use super::user_role::user_roles;
use crate::settings::known::HOLIDAYS;
use crate::settings::setting::settings;

/// When a user works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The user's own hours, or else those of their highest role; none for at any time.
    pub working_hours: Option<Value>,
    /// Name of the time zone that they are judged in.
    pub timezone: String,
    /// The tenant's holidays.
    pub holidays: Option<Value>,
}

impl Schedule {
    /// Reads the schedule of a user. The queries are sent without waiting for one another.
    ///
    /// # Errors
    /// `NotFound` when there is no such user.
    pub async fn load(user_id: Uuid, conn: &TenantConn) -> QueryResult<Self> {
        let (own, of_role, holidays) =
            futures_util::try_join!(own(user_id, conn), of_role(user_id, conn), holidays(conn))?;
        let (hours, timezone) = own;
        Ok(Self {
            working_hours: hours.or(of_role),
            timezone,
            holidays,
        })
    }
}

async fn own(user_id: Uuid, mut conn: &TenantConn) -> QueryResult<(Option<Value>, String)> {
    users::table
        .find(user_id)
        .filter(users::deleted_at.is_null())
        .select((users::working_hours, users::timezone))
        .first(&mut conn)
        .await
}

async fn of_role(user_id: Uuid, mut conn: &TenantConn) -> QueryResult<Option<Value>> {
    let highest = user_roles::table
        .inner_join(roles::table)
        .filter(user_roles::user_id.eq(user_id))
        .filter(roles::deleted_at.is_null())
        .order((roles::priority.desc(), roles::name))
        .select(roles::working_hours)
        .first(&mut conn)
        .await
        .optional()?;
    Ok(highest.flatten())
}

async fn holidays(mut conn: &TenantConn) -> QueryResult<Option<Value>> {
    settings::table
        .filter(settings::key.eq(HOLIDAYS))
        .select(settings::value)
        .first(&mut conn)
        .await
        .optional()
}
