//! The life of a team: changed, deleted, restored. All of it belongs into a transaction, which is the caller's: it records
//! the change in the audit log, too.

use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Team, TeamChanges, teams};
use crate::clock::clock_timestamp;
use crate::settings::Audited;
use crate::soft_deletion::softly_deleted;

impl Audited for Team {
    const KIND: &'static str = "team";

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn snapshot(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "deleted_at": self.deleted_at,
        })
    }
}

softly_deleted!(pub Team of teams);

impl Team {
    /// Changes the team. Gives it as it is then.
    ///
    /// # Errors
    /// A violation of `teams_name_key`.
    pub async fn change(&self, changes: &TeamChanges, mut conn: &TenantConn) -> QueryResult<Self> {
        diesel::update(teams::table.find(self.id))
            .set((changes, teams::updated_at.eq(clock_timestamp())))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }
}
