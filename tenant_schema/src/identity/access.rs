//! What a user may do, as the tables say. How grants and denials are weighed is decided elsewhere.

use chrono::{DateTime, TimeDelta, Utc};
use connection::TenantConn;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::future::{try_join, try_join4};
use uuid::Uuid;

use super::api_key::ApiKey;
use super::permission::permissions;
use super::role::{Role, roles};
use super::role_permission::role_permissions;
use super::user::{User, users};
use super::user_permission::{Effect, user_permissions};
use super::user_role::user_roles;
use super::user_session::user_sessions;
use crate::clock::clock_timestamp;

/// A user with the state of one session, and every permission that is granted or denied by name or wildcard.
#[derive(Debug, Clone)]
pub struct Access {
    /// The user, not deleted, but perhaps not active.
    pub user: User,
    /// Whether the session is the user's own, and neither ended nor expired; so it is where a key took its place.
    pub session_is_live: bool,
    /// The system user who acts as the user in the session, if it is not the user's own.
    pub acting_system_user: Option<Uuid>,
    /// Names of the user's roles, the highest first.
    pub roles: Vec<String>,
    /// Priority of the highest of the user's roles; nothing without a role.
    pub rank: Option<i32>,
    /// What is granted and denied.
    pub rules: Rules,
    /// When this was read, by the database's clock.
    pub read_at: DateTime<Utc>,
    /// How long the session lives at most. Nothing for a session that has ended, which stays so.
    pub lasts: Option<TimeDelta>,
}

/// How long a key without an end is taken to last: longer than anything is remembered.
const FOREVER: TimeDelta = TimeDelta::days(1);

/// Every permission that is granted or denied to a user, by name or wildcard. What ended by `valid_until` is among it;
/// roles that were deleted are not.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Roles, each with a permission that it grants, in order of the permissions' names.
    pub by_role: Vec<(String, String)>,
    /// Permissions of the user alone, in order of name.
    pub own: Vec<OwnRule>,
}

/// A permission granted or denied to a user alone.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct OwnRule {
    /// Whether it is given or withheld.
    pub effect: Effect,
    /// The permission or a wildcard.
    pub permission: String,
    /// When it ends by itself, if so.
    pub valid_until: Option<DateTime<Utc>>,
}

impl Access {
    /// Reads the access of a user in a session; nothing where there is no such user, or the user was deleted.
    ///
    /// The queries are sent without waiting for one another: once prepared, they cost one round trip together.
    pub async fn load(
        user_id: Uuid,
        session_id: Uuid,
        conn: &TenantConn,
    ) -> QueryResult<Option<Self>> {
        let (user, session, ranked, rules) = try_join4(
            find_user(user_id, conn),
            live_session(session_id, user_id, conn),
            Role::ranked_names_of(user_id, conn),
            Rules::load(user_id, conn),
        )
        .await?;
        Ok(user.map(|user| Self::of(user, session, ranked, rules)))
    }

    /// Reads the access of a key's owner, to last no longer than the key, and notes that the key is used. Nothing where
    /// there is no such key, where it has ended, or where the owner was deleted.
    pub async fn load_for_key(
        hash: &[u8],
        conn: &TenantConn,
    ) -> QueryResult<Option<(Self, ApiKey)>> {
        let Some((key, read)) = ApiKey::find_live(hash, conn).await? else {
            return Ok(None);
        };
        let (user, ranked, rules, ()) = try_join4(
            find_user(key.user_id, conn),
            Role::ranked_names_of(key.user_id, conn),
            Rules::load(key.user_id, conn),
            key.note_use(read, conn),
        )
        .await?;
        let live = LiveSession {
            ends: key.expires_at.unwrap_or(read + FOREVER),
            acting_system_user: None,
        };
        let access = user.map(|user| Self::of(user, Some(live), ranked, rules));
        Ok(access.zip(Some(key)))
    }

    fn of(
        (user, read_at): (User, DateTime<Utc>),
        session: Option<LiveSession>,
        ranked: Vec<(String, i32)>,
        rules: Rules,
    ) -> Self {
        Self {
            user,
            session_is_live: session.is_some(),
            acting_system_user: session.as_ref().and_then(|live| live.acting_system_user),
            rank: ranked.iter().map(|(_, priority)| *priority).max(),
            roles: ranked.into_iter().map(|(name, _)| name).collect(),
            rules,
            read_at,
            lasts: session.map(|live| live.ends - read_at),
        }
    }
}

impl Rules {
    /// Reads what is granted and denied to a user.
    pub async fn load(user_id: Uuid, conn: &TenantConn) -> QueryResult<Self> {
        let (by_role, own) = try_join(role_grants(user_id, conn), own_rules(user_id, conn)).await?;
        Ok(Self { by_role, own })
    }
}

async fn find_user(id: Uuid, mut conn: &TenantConn) -> QueryResult<Option<(User, DateTime<Utc>)>> {
    users::table
        .find(id)
        .filter(users::deleted_at.is_null())
        .select((User::as_select(), clock_timestamp()))
        .first(&mut conn)
        .await
        .optional()
}

/// A session or key that is live.
#[derive(Queryable)]
struct LiveSession {
    ends: DateTime<Utc>,
    acting_system_user: Option<Uuid>,
}

/// The session, if it is the user's and lives.
async fn live_session(
    id: Uuid,
    user_id: Uuid,
    mut conn: &TenantConn,
) -> QueryResult<Option<LiveSession>> {
    user_sessions::table
        .find(id)
        .filter(user_sessions::user_id.eq(user_id))
        .filter(user_sessions::revoked_at.is_null())
        .filter(user_sessions::expires_at.gt(now))
        .select((
            user_sessions::expires_at,
            user_sessions::acting_system_user_id,
        ))
        .first(&mut conn)
        .await
        .optional()
}

async fn role_grants(user_id: Uuid, mut conn: &TenantConn) -> QueryResult<Vec<(String, String)>> {
    user_roles::table
        .inner_join(roles::table.inner_join(role_permissions::table.inner_join(permissions::table)))
        .filter(user_roles::user_id.eq(user_id))
        .filter(roles::deleted_at.is_null())
        .select((roles::name, permissions::name))
        .order((permissions::name, roles::name))
        .load(&mut conn)
        .await
}

async fn own_rules(user_id: Uuid, mut conn: &TenantConn) -> QueryResult<Vec<OwnRule>> {
    user_permissions::table
        .inner_join(permissions::table)
        .filter(user_permissions::user_id.eq(user_id))
        .select((
            user_permissions::effect,
            permissions::name,
            user_permissions::valid_until,
        ))
        .order(permissions::name)
        .load(&mut conn)
        .await
}
