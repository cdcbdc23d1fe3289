//! A signed-in tenant user: the token verified, the session and the user read live, a lease of the tenant's connection.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use connection::TenantConn;
use futures_util::future::LocalBoxFuture;
use platform_schema::Tenant;
use tenant_schema::identity::Access;

use super::permission::{Decision, Grants};
use super::{Identity, bearer, door};
use crate::error::{ApiError, Code};
use crate::http::RequestContext;
use crate::tenancy::Lease;

/// A caller who is known, with access to the tenant's data but no permission proven yet.
///
/// A handler takes it only where being signed in is all that is asked; others take `Authorized<Permission>`.
#[derive(Debug)]
pub struct SignedIn {
    tenant: Arc<Tenant>,
    access: Access,
    grants: Grants,
    lease: Lease,
}

impl SignedIn {
    /// The tenant that the request is for.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The user and what is granted to them, as of now.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// What is granted and denied, as the decision takes it.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The tenant's connection, for single statements.
    pub fn conn(&self) -> &TenantConn {
        &self.lease
    }

    /// The tenant's connection, for transactions.
    pub fn conn_mut(&mut self) -> &mut TenantConn {
        &mut self.lease
    }

    /// Proves a permission beyond the one in the handler's signature.
    ///
    /// # Errors
    /// `permission_denied`.
    pub fn require(&self, permission: &'static str) -> Result<(), ApiError> {
        match self.grants.decide(permission) {
            Decision::Allowed(_) => Ok(()),
            Decision::Denied(_) => Err(ApiError::new(Code::PermissionDenied)
                .detail(format!("this takes the permission `{permission}`"))),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is where a verified token becomes a lease"
    )]
    async fn enter(request: &HttpRequest) -> Result<Self, ApiError> {
        let claims = Identity::of(request)?
            .tokens()
            .verify_tenant(bearer::token(request)?)?;
        let tenant = door::tenant(request).await?;
        if claims.subject.tid != tenant.id {
            return Err(ApiError::new(Code::TenantMismatch));
        }
        RequestContext::of(request)?.record_user(claims.sub);
        let lease = door::platform(request)?.pools.lease(&tenant.id).await?;
        let access = Access::load(claims.sub, claims.sid, &lease).await?;
        let access = access
            .filter(|access| access.user.is_active)
            .ok_or_else(|| ApiError::new(Code::InvalidToken))?;
        if !access.session_is_live {
            return Err(ApiError::new(Code::SessionEnded));
        }
        let grants = Grants::of(&access);
        Ok(Self {
            tenant,
            access,
            grants,
            lease,
        })
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
