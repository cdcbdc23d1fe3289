//! The life of a team: changed, deleted, restored. All of it belongs into a transaction, which is the caller's: it records
//! the change in the audit log, too.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Team, TeamChanges, teams};
use crate::clock::clock_timestamp;
use crate::settings::Audited;

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

impl Team {
    /// The team of this id, deleted or not, with the row locked until the transaction ends.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn lock(id: Uuid, mut conn: &TenantConn) -> QueryResult<Self> {
        teams::table
            .find(id)
            .select(Self::as_select())
            .for_no_key_update()
            .first(&mut conn)
            .await
    }

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

    /// Deletes the team softly. Its members stay, for when it is restored. Gives it as it is then.
    pub async fn delete(&self, mut conn: &TenantConn) -> QueryResult<Self> {
        diesel::update(teams::table.find(self.id))
            .set((
                teams::deleted_at.eq(clock_timestamp().nullable()),
                teams::updated_at.eq(clock_timestamp()),
            ))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }

    /// Undoes a deletion. Gives the team as it is then.
    ///
    /// # Errors
    /// A violation of `teams_name_key` where another team has taken the name.
    pub async fn restore(&self, mut conn: &TenantConn) -> QueryResult<Self> {
        diesel::update(teams::table.find(self.id))
            .set((
                teams::deleted_at.eq(None::<DateTime<Utc>>),
                teams::updated_at.eq(clock_timestamp()),
            ))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }
}
