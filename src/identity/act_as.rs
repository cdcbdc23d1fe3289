//! Acting as a user: the only way of a system user into a tenant. It is for a time and a reason, in a session of its own that the
//! tenant sees and can end, and everything that is done in it is recorded as done by the system user.

use chrono::{TimeDelta, Utc};
use connection::{PlatformConn, TenantConn};
use platform_schema::{PlatformChange, TenantId, TenantKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenant_schema::identity::{Access, NewActingSession, User};
use tenant_schema::settings::{Change, Setting, known};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Identity;
use super::actor::Actor;
use super::login::{lease, tenant_subject};
use super::refresh_token::RefreshKey;
use super::token::{Act, ActingSubject};
use crate::error::{ApiError, Code};
use crate::platform::Platform;
use crate::provisioner::requester::Requester;
use crate::resource::Validation;

/// Longest time to act, in minutes. A token's own lifetime may be shorter.
const LONGEST: u32 = 60;

/// Longest reason, in characters; the session's column holds no longer one.
const LONGEST_REASON: usize = 500;

/// As whom a system user wants to act, why, and for how long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActAs {
    /// The user's name or e-mail address.
    username: String,
    /// Why, for the tenant to read.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// For how long, in minutes: at most 60, and no longer than an access token lives.
    #[schema(minimum = 1, maximum = 60)]
    minutes: u32,
}

/// The token of a system user who acts as a user. There is none to refresh it with.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActingToken {
    /// JWT for the header `Authorization`, with the claim `act`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds that it lives.
    expires_in: i64,
    /// The session, which the tenant sees.
    session_id: Uuid,
    /// The user.
    user_id: Uuid,
}

impl ActAs {
    /// Checks every field.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub fn check(&self) -> Result<(), ApiError> {
        let mut validation = Validation::new();
        let length = self.reason.trim().chars().count();
        let message = format!("must be 1 to {LONGEST_REASON} characters");
        validation.require((1..=LONGEST_REASON).contains(&length), "reason", &message);
        let message = format!("must be 1 to {LONGEST}");
        validation.require((1..=LONGEST).contains(&self.minutes), "minutes", &message);
        validation.finish()
    }

    async fn user(&self, conn: &TenantConn) -> Result<User, ApiError> {
        let found = User::find_for_login(self.username.trim(), conn).await?;
        found.filter(|user| user.is_active).ok_or_else(|| {
            let message = "there is no such user who may sign in";
            ApiError::new(Code::ValidationFailed).field("username", message)
        })
    }

    fn session(
        &self,
        user: &User,
        system_user: Uuid,
        lifetime: TimeDelta,
        requester: &Requester,
    ) -> Result<NewActingSession, ApiError> {
        let key = RefreshKey::generate().map_err(ApiError::internal)?;
        Ok(NewActingSession {
            id: Uuid::now_v7(),
            user_id: user.id,
            refresh_key: key.expose().to_vec(),
            ip: requester.ip,
            user_agent: requester.user_agent.clone(),
            expires_at: Utc::now() + lifetime,
            acting_system_user_id: system_user,
            acting_reason: self.reason.trim().to_owned(),
        })
    }
}

impl Identity {
    /// Opens a session in which a system user acts as a user of a tenant.
    ///
    /// # Errors
    /// `tenant_not_found` and what else the tenant's status says, `validation_failed` for an order with faults or a user whom
    /// the tenant does not have, `permission_denied` where the tenant lets nobody in, or a failure of the database.
    pub async fn act_as(
        &self,
        platform: &Platform,
        key: &TenantKey,
        order: &ActAs,
        (requester, actor): (&Requester, &Actor),
    ) -> Result<ActingToken, ApiError> {
        order.check()?;
        let system_user = requester.system_user.ok_or(Code::NotAuthenticated)?;
        let tenant = platform.registry.resolve(key).await?;
        let mut lease = lease(platform, &tenant).await?;
        let user = order.user(&lease).await?;
        let lifetime = TimeDelta::minutes(order.minutes.into()).min(self.tokens().lifetime());
        let session = order.session(&user, system_user, lifetime, requester)?;
        let actor = actor.system_user(system_user, Some(user.id));
        open(&session, &actor, &mut lease).await?;
        let access = Access::load(user.id, session.id, &lease).await?;
        self.finish(lease, &tenant.id).await?;
        note(platform, requester, &tenant.id, &session).await?;
        let access = access.ok_or(Code::Unavailable)?;
        let subject = ActingSubject {
            user: tenant_subject(&tenant, &access),
            act: Act { sub: system_user },
        };
        let tokens = self.tokens();
        let token = tokens.issue_for(lifetime, user.id, session.id, subject);
        let token = token.map_err(ApiError::internal)?;
        Ok(ActingToken {
            access_token: token.expose().to_owned(),
            token_type: "Bearer",
            expires_in: token.expires_in,
            session_id: session.id,
            user_id: user.id,
        })
    }
}

/// Opens the session, where the tenant lets anybody in.
async fn open(
    session: &NewActingSession,
    actor: &Actor,
    conn: &mut TenantConn,
) -> Result<(), ApiError> {
    let work = async |conn: &mut TenantConn| {
        let allowed = Setting::hold(known::SUPPORT_ACCESS, conn).await?;
        if allowed == Some(Value::Bool(false)) {
            let detail = "the tenant lets nobody act as its users (hint: ask its admin)";
            return Err(ApiError::new(Code::PermissionDenied).detail(detail));
        }
        let opened = session.insert(conn).await?;
        Ok(((), Change::created(&opened)))
    };
    actor.mutate("auth.act_as", conn, work).await
}

/// Records with the platform that the session was opened. The tenant's log has it already; the token is not given before.
async fn note(
    platform: &Platform,
    requester: &Requester,
    tenant: &TenantId,
    session: &NewActingSession,
) -> Result<(), ApiError> {
    let mut lease = platform.pools.platform().await?;
    let opened = json!({
        "session_id": session.id,
        "user_id": session.user_id,
        "reason": session.acting_reason,
        "expires_at": session.expires_at,
    });
    let work = async |_: &mut PlatformConn| {
        let change = PlatformChange::of("tenant", tenant).after(opened.clone());
        Ok::<_, ApiError>(((), change))
    };
    requester.mutate("tenant.act_as", &mut lease, work).await?;
    Ok(lease.finish().await?)
}
