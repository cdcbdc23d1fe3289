//! What is answered when a record was deleted: what still hangs on it, if anything does.

use actix_web::HttpResponse;
use connection::TenantConn;
use serde::Serialize;
use tenant_schema::TenantEnum as _;
use tenant_schema::record::{Hanging, Record, RecordKind};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::ApiError;
use crate::resource::Success;

/// A record that was deleted while others hang on it. They stay, for when it is restored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Deleted {
    /// What hangs on it.
    hanging: Vec<Hanging>,
}

impl Deleted {
    /// 204 where nothing hangs on it, 200 with what does.
    pub(super) fn answer(hanging: Vec<Hanging>) -> HttpResponse {
        if hanging.is_empty() {
            return HttpResponse::NoContent().finish();
        }
        Success::new("deleted, and others hang on it", Self { hanging }).into()
    }
}

/// What hangs on the record of this kind and id; nothing where nothing can.
pub(super) async fn hanging(
    kind: &str,
    id: Uuid,
    conn: &TenantConn,
) -> Result<Vec<Hanging>, ApiError> {
    match RecordKind::of_label(kind) {
        Some(kind) => Ok(Record { kind, id }.hanging(conn).await?),
        None => Ok(Vec::new()),
    }
}
