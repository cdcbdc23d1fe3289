//! A signed-in system user, and `PlatformAuthorized<Permission>`: proof that their role allows what a handler does.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use connection::PlatformConn;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use platform_schema::{PlatformChange, PlatformSession, SystemUser, SystemUserRole};
use uuid::Uuid;

use super::client::Client;
use super::{Identity, bearer, door};
use crate::error::{ApiError, Code};
use crate::http::RequestContext;
use crate::provisioner::requester::Requester;
use crate::tenancy::PlatformLease;

/// Something that a system user may be allowed to do.
pub trait PlatformPermission: 'static {
    /// Name in messages: `tenants.create`.
    const NAME: &'static str;
    /// The roles that hold it.
    const ROLES: &'static [SystemUserRole];
}

macro_rules! platform_permissions {
    ($($(#[$attribute:meta])* $marker:ident $name:literal [$($role:ident),+];)+) => {
        $($(#[$attribute])*
        #[derive(Debug)]
        pub struct $marker;

        impl PlatformPermission for $marker {
            const NAME: &'static str = $name;
            const ROLES: &'static [SystemUserRole] = &[$(SystemUserRole::$role),+];
        })+
    };
}

platform_permissions! {
    /// See tenants.
    TenantsRead "tenants.read" [SuperAdmin, Operator, Support];
    /// Compare a tenant's schema with the models. It only reads, and is what support is asked first.
    TenantsVerify "tenants.verify" [SuperAdmin, Operator, Support];
    /// Provision tenants.
    TenantsCreate "tenants.create" [SuperAdmin, Operator];
    /// Build or repair a tenant's schema.
    TenantsInitialize "tenants.initialize" [SuperAdmin, Operator];
    /// Suspend tenants and resume them.
    TenantsSuspend "tenants.suspend" [SuperAdmin, Operator];
    /// Act as a user of a tenant, for a time and a reason, where the tenant lets them.
    TenantsActAs "tenants.act_as" [SuperAdmin, Operator];
    /// See who runs the platform.
    SystemUsersRead "system_users.read" [SuperAdmin, Operator, Support];
    /// Let others run the platform.
    SystemUsersCreate "system_users.create" [SuperAdmin];
    /// Change what others may do to the platform, and whether they may.
    SystemUsersUpdate "system_users.update" [SuperAdmin];
    /// Delete those who run the platform.
    SystemUsersDelete "system_users.delete" [SuperAdmin];
    /// See what was done to the platform. It only reads.
    PlatformAuditRead "platform_audit.read" [SuperAdmin, Operator, Support];
    /// See what all tenants use together, and which of them use most. It only reads.
    FleetRead "fleet.read" [SuperAdmin, Operator, Support];
}

/// A system user who is known, with a lease of the platform's connection.
#[derive(Debug)]
pub struct SystemCaller {
    user: SystemUser,
    session: Uuid,
    requester: Requester,
    lease: PlatformLease,
}

impl SystemCaller {
    /// The system user.
    pub fn user(&self) -> &SystemUser {
        &self.user
    }

    /// The platform's connection.
    pub fn conn(&self) -> &PlatformConn {
        &self.lease
    }

    /// The session that the token is of.
    pub fn session(&self) -> Uuid {
        self.session
    }

    /// Changes the platform: `work` is done in one transaction, at whose end the audit log says who did what.
    ///
    /// # Errors
    /// The error of `work`, or a failure of the database: nothing is changed then.
    pub async fn mutate<T, C: Into<Option<PlatformChange>>>(
        &mut self,
        action: &'static str,
        work: impl AsyncFnMut(&mut PlatformConn) -> Result<(T, C), ApiError>,
    ) -> Result<T, ApiError> {
        self.requester.mutate(action, &mut self.lease, work).await
    }

    /// Gives the connection back, and waits until it is among those that nobody holds.
    ///
    /// # Errors
    /// Why what was done on it is not kept.
    pub async fn leave(self) -> Result<(), ApiError> {
        Ok(self.lease.finish().await?)
    }

    /// Lets the connection go, for work that has one of its own, and says who asks for that work.
    pub fn into_requester(self) -> Requester {
        self.requester
    }

    async fn enter(request: &HttpRequest) -> Result<Self, ApiError> {
        let claims = Identity::of(request)?
            .tokens()
            .verify_platform(bearer::token(request)?)?;
        let context = RequestContext::of(request)?;
        context.record_user(claims.sub);
        let lease = door::pools(request)?.platform().await?;
        let (user, session) = futures_util::try_join!(
            SystemUser::find(claims.sub, &lease),
            PlatformSession::find_live(claims.sid, &lease)
        )?;
        let user = user
            .filter(|user| user.is_active)
            .ok_or_else(|| ApiError::new(Code::InvalidToken))?;
        if session.is_none_or(|session| session.system_user_id != user.id) {
            return Err(ApiError::new(Code::SessionEnded));
        }
        let client = Client::of(request);
        let requester = Requester {
            system_user: Some(user.id),
            channel: "api",
            request_id: Some(context.id().to_owned()),
            ip: client.ip,
            user_agent: client.user_agent,
        };
        Ok(Self {
            user,
            session: claims.sid,
            requester,
            lease,
        })
    }
}

impl FromRequest for SystemCaller {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::enter(&request).await })
    }
}

/// A system user who holds platform permission `P`, read live.
#[derive(Debug)]
pub struct PlatformAuthorized<P> {
    caller: SystemCaller,
    permission: PhantomData<P>,
}

impl<P> PlatformAuthorized<P> {
    /// See [`SystemCaller::leave`].
    ///
    /// # Errors
    /// As there.
    pub async fn leave(self) -> Result<(), ApiError> {
        self.caller.leave().await
    }

    /// See [`SystemCaller::into_requester`].
    pub fn into_requester(self) -> Requester {
        self.caller.into_requester()
    }
}

impl<P> Deref for PlatformAuthorized<P> {
    type Target = SystemCaller;

    fn deref(&self) -> &SystemCaller {
        &self.caller
    }
}

impl<P> DerefMut for PlatformAuthorized<P> {
    fn deref_mut(&mut self) -> &mut SystemCaller {
        &mut self.caller
    }
}

impl<P: PlatformPermission> FromRequest for PlatformAuthorized<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = SystemCaller::from_request(request, payload);
        let authorize = |caller: Result<SystemCaller, ApiError>| {
            let caller = caller?;
            if P::ROLES.contains(&caller.user.role) {
                return Ok(Self {
                    caller,
                    permission: PhantomData,
                });
            }
            Err(ApiError::new(Code::PermissionDenied)
                .detail(format!("this takes the platform permission `{}`", P::NAME)))
        };
        caller.map(authorize).boxed_local()
    }
}
