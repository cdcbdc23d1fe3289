//! Who does something to a tenant, as its audit log remembers them; and the one way in which a tenant's data is changed: in a
//! transaction that also says who did what.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use connection::TenantConn;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use ipnet::IpNet;
use tenant_schema::settings::{ActorType, Change, Origin};
use uuid::Uuid;

use super::client::Client;
use crate::error::ApiError;
use crate::http::RequestContext;

/// Somebody who does something to a tenant, and the request by which.
#[derive(Debug, Clone)]
pub struct Actor(Origin);

impl Actor {
    /// Nobody who is known, by a request from this client.
    pub fn nobody(client: Client, context: &RequestContext) -> Self {
        Self(Origin {
            ip: client.ip,
            user_agent: client.user_agent,
            request_id: Some(context.id().to_owned()),
            ..Origin::nobody()
        })
    }

    /// The same request, by a user of the tenant in a session.
    #[must_use]
    pub fn user(&self, user: Uuid, session: Option<Uuid>) -> Self {
        Self(Origin {
            actor_type: ActorType::User,
            actor_id: Some(user),
            session_id: session,
            ..self.0.clone()
        })
    }

    /// The same request, by a system user: as a user of the tenant, or about one.
    #[must_use]
    pub fn system_user(&self, system_user: Uuid, acting_as: Option<Uuid>) -> Self {
        Self(Origin {
            actor_type: ActorType::SystemUser,
            actor_id: Some(system_user),
            acting_as,
            ..self.0.clone()
        })
    }

    /// The same, with a key.
    #[must_use]
    pub fn with_key(self, api_key: Option<Uuid>) -> Self {
        Self(Origin {
            api_key_id: api_key,
            ..self.0
        })
    }

    /// Whether the request came from this network.
    pub fn is_in(&self, network: &IpNet) -> bool {
        let ip = self.0.ip;
        ip.is_some_and(|ip| network.contains(&ip.addr()))
    }

    /// Does `work` in one transaction, at whose end the audit log says what it did. Work that changed nothing gives no
    /// change, and leaves no row.
    ///
    /// # Errors
    /// The error of `work`, or a failure of the database: nothing is changed then.
    pub async fn mutate<T, C: Into<Option<Change>>>(
        &self,
        action: &'static str,
        conn: &mut TenantConn,
        mut work: impl AsyncFnMut(&mut TenantConn) -> Result<(T, C), ApiError>,
    ) -> Result<T, ApiError> {
        conn.transaction(async |conn| {
            let (value, change) = work(conn).await?;
            let change: Option<Change> = change.into();
            let done = change.map(|change| (action, change));
            self.0.record(done.into_iter().collect(), conn).await?;
            Ok(value)
        })
        .await
    }

    /// Records what was done and by which action, at the end of the transaction that does it.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn record(
        &self,
        done: Vec<(&'static str, Change)>,
        conn: &mut TenantConn,
    ) -> Result<(), ApiError> {
        Ok(self.0.record(done, conn).await?)
    }
}

impl FromRequest for Actor {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let context = RequestContext::of(request);
        let client = Client::from_request(request, payload);
        client
            .map(|client| {
                let client = client.unwrap_or_else(|never| match never {});
                Ok(Self::nobody(client, &context?))
            })
            .boxed_local()
    }
}
