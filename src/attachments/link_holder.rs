//! Links to contents: whoever has one reads one version of one tenant for a while, without a token.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::Utc;
use futures_util::future::LocalBoxFuture;
use platform_schema::TenantId;
use tenant_schema::tools::{Attachment, AttachmentVersion};
use uuid::Uuid;

use crate::error::{ApiError, Code};
use crate::identity::door;
use crate::platform::Platform;
use crate::tenancy::{ServedTenant, TenantPools};

/// Somebody with a link that is genuine and has not ended, to a tenant that serves.
#[derive(Debug)]
pub struct LinkHolder {
    /// What is behind the server.
    pub platform: web::Data<Platform>,
    tenant: Arc<ServedTenant>,
    pools: TenantPools,
    version: Uuid,
}

impl LinkHolder {
    /// The tenant whose content it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant.id
    }

    /// What the link leads to, read with a connection that is given back at once.
    ///
    /// # Errors
    /// `link_invalid` where the attachment was deleted since, or a failure of the database.
    #[expect(
        clippy::disallowed_methods,
        reason = "the link is the permission: it is signed for this version of this tenant"
    )]
    pub async fn find(&self) -> Result<(AttachmentVersion, Attachment), ApiError> {
        let ServedTenant { tenant, limits } = &*self.tenant;
        let lease = self.pools.lease_within(&tenant.id, limits).await?;
        let found = AttachmentVersion::find_with_attachment(self.version, &lease).await;
        found.map_err(|error| match error {
            diesel::result::Error::NotFound => ApiError::new(Code::LinkInvalid),
            error => error.into(),
        })
    }

    async fn enter(request: &HttpRequest) -> Result<Self, ApiError> {
        let tenant = door::tenant(request).await?;
        let platform = door::platform(request)?.clone();
        let link = request.match_info().get("link").unwrap_or_default();
        let links = &platform.attachment_links;
        let version = links.verify(&tenant.id, link, Utc::now());
        Ok(Self {
            version: version.ok_or_else(|| ApiError::new(Code::LinkInvalid))?,
            pools: door::pools(request)?,
            platform,
            tenant,
        })
    }
}

impl FromRequest for LinkHolder {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::enter(&request).await })
    }
}
