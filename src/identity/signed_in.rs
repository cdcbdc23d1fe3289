//! A signed-in tenant user: the token verified, the session and the user known, and the way to the tenant's connection.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, Utc};
use connection::TenantConn;
use futures_util::future::LocalBoxFuture;
use platform_schema::{Limits, Tenant, TenantId};
use tenant_schema::identity::Access;
use tenant_schema::settings::Change;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::access_cache::{AccessKey, CachedAccess, Credential};
use super::actor::Actor;
use super::api_key::ApiKeySecret;
use super::attempts::AttemptKey;
use super::permission::{Decision, Denial};
use super::token::Bearer;
use super::visible_changes::VisibleChanges;
use super::{Identity, bearer, door};
use crate::error::{ApiError, Code};
use crate::http::RequestContext;
use crate::platform::Platform;
use crate::tenancy::{Lease, ServedTenant};

/// A caller who is known, with access to the tenant's data but no permission proven yet.
///
/// A handler takes it only where being signed in is all that is asked; others take `Authorized<Permission>`. The tenant's
/// connection is lent when it is first asked for: not while a body arrives, nor to a caller who is refused.
#[derive(Debug)]
pub struct SignedIn {
    tenant: Arc<ServedTenant>,
    known: Arc<CachedAccess>,
    session: Option<Uuid>,
    lease: OnceCell<Lease>,
    actor: Actor,
    context: RequestContext,
    identity: web::Data<Identity>,
    platform: web::Data<Platform>,
}

impl SignedIn {
    /// The tenant that the request is for.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The limits of the tenant's plan.
    pub fn limits(&self) -> &Limits {
        &self.tenant.limits
    }

    /// As [`Self::tenant`], to be held while the caller changes something.
    pub(super) fn served(&self) -> Arc<ServedTenant> {
        Arc::clone(&self.tenant)
    }

    pub(super) fn identity(&self) -> &web::Data<Identity> {
        &self.identity
    }

    /// What is behind the server.
    pub fn platform(&self) -> &web::Data<Platform> {
        &self.platform
    }

    /// The caller as the audit log remembers them.
    pub(super) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The user and what is granted to them, as of now.
    pub fn access(&self) -> &Access {
        &self.known.access
    }

    /// The session that the token is of.
    ///
    /// # Errors
    /// `permission_denied` for a caller with an API key, who has none: keys neither make keys nor end sessions.
    pub fn session(&self) -> Result<Uuid, ApiError> {
        self.session.ok_or_else(|| {
            let detail = "this takes a session, which an API key is not (hint: log in)";
            ApiError::new(Code::PermissionDenied).detail(detail)
        })
    }

    /// All that is known of the caller, as of now.
    pub(super) fn known(&self) -> &Arc<CachedAccess> {
        &self.known
    }

    /// The session that the token is of, where it is the user's own.
    ///
    /// # Errors
    /// `permission_denied` as [`Self::session`], and for a system user who acts as the user: what a user is known by is not
    /// theirs to change.
    pub fn own_session(&self) -> Result<Uuid, ApiError> {
        match self.known.access.acting_system_user {
            None => self.session(),
            Some(_) => Err(ApiError::new(Code::PermissionDenied)
                .detail("this is the user's own to do, not of who acts as them")),
        }
    }

    /// Whether the caller may do what the permission of this name stands for: what is granted to the user, within the scopes
    /// of the key where they came with one.
    pub fn decide(&self, permission: &str) -> Decision<'_> {
        self.known.decide(permission)
    }

    /// What the caller may see of what others do in the tenant.
    pub fn visible_changes(&self) -> VisibleChanges {
        VisibleChanges::of(&self.known)
    }

    /// The names of all permissions that the caller has, without wildcards.
    pub fn permissions(&self) -> Vec<String> {
        let mut granted = self.known.grants.granted(self.now());
        granted.retain(|permission| self.decide(permission).is_allowed());
        granted
    }

    /// The tenant's connection, for single statements.
    ///
    /// # Errors
    /// `pool_exhausted` when none became free in time, `unavailable` without a database.
    pub async fn conn(&self) -> Result<&TenantConn, ApiError> {
        let lease = self.lease.get_or_try_init(|| self.borrow()).await?;
        Ok(lease)
    }

    /// Looks something up on a connection that is given back at once, for a request that takes long and needs none meanwhile.
    ///
    /// # Errors
    /// The error of `look`, or as [`Self::conn`].
    pub async fn glance<T>(
        &self,
        look: impl AsyncFnOnce(&TenantConn) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let lease = self.borrow().await?;
        let seen = look(&lease).await?;
        lease.finish().await?;
        Ok(seen)
    }

    /// Changes the tenant's data: `work` is done in one transaction, at whose end the audit log says who did what. It may be
    /// done twice, from its beginning, where the first time met a stale statement.
    ///
    /// # Errors
    /// The error of `work`, as [`Self::conn`], or a failure of the database: nothing is changed then.
    pub async fn mutate<T, C: Into<Option<Change>>>(
        &mut self,
        action: &'static str,
        work: impl AsyncFnMut(&mut TenantConn) -> Result<(T, C), ApiError>,
    ) -> Result<T, ApiError> {
        let actor = self.actor.clone();
        actor.mutate(action, self.conn_mut().await?, work).await
    }

    async fn conn_mut(&mut self) -> Result<&mut TenantConn, ApiError> {
        self.conn().await?;
        let lease = self.lease.get_mut();
        let lease = lease.ok_or_else(|| ApiError::internal("the lease was not kept"))?;
        Ok(&mut *lease)
    }

    /// The time by which ends of grants and denials are judged: the database's.
    pub fn now(&self) -> DateTime<Utc> {
        self.known.now()
    }

    /// Proves a permission beyond the one in the handler's signature.
    ///
    /// # Errors
    /// `permission_denied`, also for a permission that there is not, which is an error of ours.
    pub fn require(&self, permission: &'static str) -> Result<(), ApiError> {
        let detail = match self.decide(permission) {
            Decision::Allowed(_) => return Ok(()),
            Decision::Denied(Denial::OutOfScope) => {
                format!("the scopes of the API key lack `{permission}`")
            }
            Decision::Denied(Denial::Unknown) => {
                tracing::error!(permission, "a permission was asked for that there is not");
                format!("this takes the permission `{permission}`")
            }
            Decision::Denied(_) => format!("this takes the permission `{permission}`"),
        };
        Err(ApiError::new(Code::PermissionDenied).detail(detail))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is where a known caller becomes a lease"
    )]
    async fn borrow(&self) -> Result<Lease, ApiError> {
        let asked = std::time::Instant::now();
        let pools = &self.platform.pools;
        let pools = pools.for_request(|| self.context.ledger().clone());
        let lease = pools
            .lease_within(&self.tenant.id, &self.tenant.limits)
            .await?;
        self.context.record_queue(asked.elapsed());
        Ok(lease)
    }

    async fn enter(request: &HttpRequest) -> Result<Self, ApiError> {
        let identity = Identity::of(request)?;
        let presented = Presented::read(bearer::token(request)?, identity)?;
        let tenant = door::tenant(request).await?;
        let credential = presented.at(&tenant.id)?;
        let actor = Actor::extract(request).await?;
        let context = RequestContext::of(request)?;
        let key = AccessKey {
            tenant: tenant.id.clone(),
            credential,
        };
        let known = identity.accesses().find(&key, &tenant.limits).await?;
        let known = known.ok_or(Code::InvalidToken)?;
        known.admit(&actor)?;
        let (user, session) = (known.access.user.id, credential.session());
        context.record_user(user);
        let api_key = known.api_key.as_ref().map(|key| key.id);
        if let Some(key) = api_key {
            let key = AttemptKey::api_key(&tenant.id, &key.to_string());
            identity.attempts().use_api_key(key, &context).await?;
        }
        Ok(Self {
            tenant,
            session,
            lease: OnceCell::new(),
            actor: match known.access.acting_system_user {
                Some(system_user) => actor
                    .user(user, session)
                    .system_user(system_user, Some(user)),
                None => actor.user(user, session).with_key(api_key),
            },
            known,
            context,
            identity: identity.clone(),
            platform: door::platform(request)?.clone(),
        })
    }
}

/// What a caller presents: genuine, as far as that can be told without asking the database.
#[derive(Debug)]
enum Presented {
    Token(Arc<Bearer>),
    Key(ApiKeySecret),
}

impl Presented {
    fn read(text: &str, identity: &Identity) -> Result<Self, ApiError> {
        match ApiKeySecret::parse(text) {
            Some(Ok(key)) => Ok(Self::Key(key)),
            Some(Err(_)) => Err(ApiError::new(Code::InvalidToken)),
            None => Ok(Self::Token(identity.tokens().bearer(text)?)),
        }
    }

    /// The same as it is known at a tenant. What a key is worth there, only the tenant's own rows tell.
    fn at(&self, tenant: &TenantId) -> Result<Credential, ApiError> {
        match self {
            Self::Token(bearer) if bearer.tenant != *tenant => {
                Err(ApiError::new(Code::TenantMismatch))
            }
            Self::Token(bearer) => Ok(Credential::Session {
                user: bearer.user,
                session: bearer.session,
            }),
            Self::Key(key) => Ok(Credential::ApiKey(key.hash())),
        }
    }
}

impl Drop for SignedIn {
    /// What the request changed of the tenant's accesses and settings is forgotten at once, before its answer leaves: who sends the next
    /// request has seen the answer, and must not meet what was before.
    fn drop(&mut self) {
        if !self.lease.get().is_some_and(|lease| lease.has_announced()) {
            return;
        }
        let (identity, platform) = (self.identity.clone(), self.platform.clone());
        let tenant = self.tenant.id.clone();
        let forget = move || {
            identity.accesses().forget(&tenant);
            platform.settings.forget(&tenant);
        };
        forget();
        if self.platform.pools.settles() {
            // What is changed is seen from the commit on, which is yet to come.
            self.context.ledger().afterwards(forget);
        }
    }
}

impl FromRequest for SignedIn {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::enter(&request).await })
    }
}
