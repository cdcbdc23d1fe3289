//! What a user may do now, as the tables say. How grants and denials are weighed is decided elsewhere.

use chrono::{DateTime, TimeDelta, Utc};
use connection::TenantConn;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::future::try_join5;
use uuid::Uuid;

use super::api_key::ApiKey;
use super::permission::permissions;
use super::role::{Role, roles};
use super::role_permission::role_permissions;
use super::user::User;
use super::user_permission::{Effect, user_permissions};
use super::user_role::user_roles;
use super::user_session::user_sessions;

/// A user with the state of one session, and every permission that is granted or denied by name or wildcard.
#[derive(Debug, Clone)]
pub struct Access {
    /// The user, not deleted, but perhaps not active.
    pub user: User,
    /// Whether the session is the user's own, and neither ended nor expired; so it is where a key took its place.
    pub session_is_live: bool,
    /// Names of the user's roles, the highest first.
    pub roles: Vec<String>,
    /// Roles, each with a permission that it grants, in order of the permissions' names.
    pub role_grants: Vec<(String, String)>,
    /// Permissions granted to the user alone, in order of name.
    pub direct_grants: Vec<String>,
    /// Permissions denied to the user, in order of name.
    pub denials: Vec<String>,
    /// How long this stays true at most: until the session or a permission of the user ends. Nothing for a session that has
    /// ended, which stays so.
    pub lasts: Option<TimeDelta>,
}

/// How long a key without an end is taken to last: longer than anything is remembered.
const FOREVER: TimeDelta = TimeDelta::days(1);

/// A permission of a user alone.
type OwnPermission = (Effect, String, Option<DateTime<Utc>>);

impl Access {
    /// Reads the access of a user in a session; nothing where there is no such user, or the user was deleted.
    ///
    /// The queries are sent without waiting for one another: once prepared, they cost one round trip together. What ended
    /// by `valid_until` and roles that were deleted are left out.
    pub async fn load(
        user_id: Uuid,
        session_id: Uuid,
        conn: &TenantConn,
    ) -> QueryResult<Option<Self>> {
        let (user, session, roles, role_grants, own) = try_join5(
            find_user(user_id, conn),
            live_session(session_id, user_id, conn),
            Role::names_of(user_id, conn),
            role_grants(user_id, conn),
            own_permissions(user_id, conn),
        )
        .await?;
        Ok(user.map(|user| Self::of(user, session, roles, role_grants, &own)))
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
        let (user, roles, role_grants, own, ()) = try_join5(
            find_user(key.user_id, conn),
            Role::names_of(key.user_id, conn),
            role_grants(key.user_id, conn),
            own_permissions(key.user_id, conn),
            key.note_use(read, conn),
        )
        .await?;
        let ends = key.expires_at.unwrap_or(read + FOREVER);
        let live = Some(LiveSession { ends, read });
        let access = user.map(|user| Self::of(user, live, roles, role_grants, &own));
        Ok(access.zip(Some(key)))
    }

    fn of(
        user: User,
        session: Option<LiveSession>,
        roles: Vec<String>,
        role_grants: Vec<(String, String)>,
        own: &[OwnPermission],
    ) -> Self {
        let names = |wanted: Effect| {
            let of_effect = own.iter().filter(|(effect, ..)| *effect == wanted);
            of_effect.map(|(_, name, _)| name.clone()).collect()
        };
        Self {
            user,
            session_is_live: session.is_some(),
            lasts: session.map(|session| session.lasts(own)),
            roles,
            role_grants,
            direct_grants: names(Effect::Grant),
            denials: names(Effect::Deny),
        }
    }
}

async fn find_user(id: Uuid, conn: &TenantConn) -> QueryResult<Option<User>> {
    User::find(id, conn).await.optional()
}

/// A session or key that is live, and the time at which that was so, both by the database's clock.
struct LiveSession {
    ends: DateTime<Utc>,
    read: DateTime<Utc>,
}

impl LiveSession {
    /// How long both the session and the permissions last.
    fn lasts(&self, own: &[OwnPermission]) -> TimeDelta {
        let ends = own.iter().filter_map(|(.., valid_until)| *valid_until);
        ends.fold(self.ends, DateTime::min) - self.read
    }
}

async fn live_session(
    id: Uuid,
    user_id: Uuid,
    mut conn: &TenantConn,
) -> QueryResult<Option<LiveSession>> {
    let times: Option<(DateTime<Utc>, DateTime<Utc>)> = user_sessions::table
        .find(id)
        .filter(user_sessions::user_id.eq(user_id))
        .filter(user_sessions::revoked_at.is_null())
        .filter(user_sessions::expires_at.gt(now))
        .select((
            user_sessions::expires_at,
            now.into_sql::<diesel::sql_types::Timestamptz>(),
        ))
        .first(&mut conn)
        .await
        .optional()?;
    Ok(times.map(|(ends, read)| LiveSession { ends, read }))
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

async fn own_permissions(user_id: Uuid, mut conn: &TenantConn) -> QueryResult<Vec<OwnPermission>> {
    let lasts = user_permissions::valid_until
        .is_null()
        .or(user_permissions::valid_until.gt(now));
    user_permissions::table
        .inner_join(permissions::table)
        .filter(user_permissions::user_id.eq(user_id))
        .filter(lasts)
        .select((
            user_permissions::effect,
            permissions::name,
            user_permissions::valid_until,
        ))
        .order(permissions::name)
        .load(&mut conn)
        .await
}
