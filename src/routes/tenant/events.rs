//! The route of the tenant's events: what is done in the tenant, told to who may see it while it happens.

mod listening;

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig};
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::{Drain, Methods};
use crate::identity::signed_in::SignedIn;
use crate::resource::{LastEventId, NoQuery, StreamedEvent};
use listening::Listening;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(listen_to_events))]
pub struct Documentation;

/// Mounts the route.
pub fn configure(scope: &mut ServiceConfig) {
    scope.service(Methods::at("/events").get(listen_to_events));
}

/// Tells of the changes of records that the caller may read, as server-sent events. Each `change` has an entry as in `activity`, and
/// its `position` as the id by which a client goes on where it was.
#[utoipa::path(get, path = "/events", tag = "audit", params(("Last-Event-ID" = Option<i64>, Header, description = "The last event seen; without it, only what is done from now on is told.")),
    responses((status = 200, description = "events without an end", body = StreamedEvent, content_type = "text/event-stream")))]
async fn listen_to_events(
    caller: SignedIn,
    last: LastEventId,
    _: NoQuery,
    drain: Data<Drain>,
) -> Result<HttpResponse, ApiError> {
    let listening = Listening::begin(&caller, last, drain).await?;
    Ok(listening.into_answer())
}
