//! A signed-in tenant user: the token verified, the session and the user known, and the way to the tenant's connection.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use connection::TenantConn;
use futures_util::future::LocalBoxFuture;
use platform_schema::Tenant;
use tenant_schema::identity::Access;
use tenant_schema::settings::Change;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::access_cache::{AccessKey, KnownAccess};
use super::actor::Actor;
use super::permission::{Decision, Grants};
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
    known: Arc<KnownAccess>,
    session: Uuid,
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

    /// The user and what is granted to them, as of now.
    pub fn access(&self) -> &Access {
        &self.known.access
    }

    /// The session that the token is of.
    pub fn session(&self) -> Uuid {
        self.session
    }

    /// What is granted and denied, as the decision takes it.
    pub fn grants(&self) -> &Grants {
        &self.known.grants
    }

    /// The tenant's connection, for single statements.
    ///
    /// # Errors
    /// `pool_exhausted` when none became free in time, `unavailable` without a database.
    pub async fn conn(&self) -> Result<&TenantConn, ApiError> {
        let lease = self.lease.get_or_try_init(|| self.borrow()).await?;
        Ok(lease)
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

    /// Proves a permission beyond the one in the handler's signature.
    ///
    /// # Errors
    /// `permission_denied`.
    pub fn require(&self, permission: &'static str) -> Result<(), ApiError> {
        match self.known.grants.decide(permission) {
            Decision::Allowed(_) => Ok(()),
            Decision::Denied(_) => Err(ApiError::new(Code::PermissionDenied)
                .detail(format!("this takes the permission `{permission}`"))),
        }
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
        let bearer = identity.tokens().bearer(bearer::token(request)?)?;
        let tenant = door::tenant(request).await?;
        if bearer.tenant != tenant.id {
            return Err(ApiError::new(Code::TenantMismatch));
        }
        let actor = Actor::extract(request).await?;
        let context = RequestContext::of(request)?;
        context.record_user(bearer.user);
        let key = AccessKey {
            tenant: tenant.id.clone(),
            user: bearer.user,
            session: bearer.session,
        };
        let known = identity.accesses().find(&key, &tenant.limits).await?;
        let known = known
            .filter(|known| known.access.user.is_active)
            .ok_or_else(|| ApiError::new(Code::InvalidToken))?;
        if !known.access.session_is_live {
            return Err(ApiError::new(Code::SessionEnded));
        }
        Ok(Self {
            tenant,
            known,
            session: bearer.session,
            lease: OnceCell::new(),
            actor: actor.user(bearer.user, Some(bearer.session)),
            context,
            identity: identity.clone(),
            platform: door::platform(request)?.clone(),
        })
    }
}

impl Drop for SignedIn {
    /// What the request changed of the tenant's accesses is forgotten at once, before its answer leaves: who sends the next
    /// request has seen the answer, and must not meet what was before.
    fn drop(&mut self) {
        if !self.lease.get().is_some_and(|lease| lease.has_announced()) {
            return;
        }
        self.identity.accesses().forget(&self.tenant.id);
        if self.platform.pools.settles() {
            // What is changed is seen from the commit on, which is yet to come.
            let (identity, tenant) = (self.identity.clone(), self.tenant.id.clone());
            self.context
                .ledger()
                .afterwards(move || identity.accesses().forget(&tenant));
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
