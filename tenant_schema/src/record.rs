//! Records that others hang on: the one list of what a note, a review or an attachment may be about.
//!
//! Such a holder names its record by two columns, `<holding>_type` and `<holding>_id`, which no foreign key can follow. It is
//! checked where it is written instead: the record is there, and stays until the transaction ends.

use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::TenantEnum;

/// One record of the tenant, of any kind that others may hang on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub kind: RecordKind,
    /// Its id in the table of its kind.
    pub id: Uuid,
}

/// Lists the kinds, each with its table, whose rows have an `id` and are deleted softly.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $room:ident::$noun:ident::$table:ident,)+) => {
        /// What kind of record others may hang on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, TenantEnum, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum RecordKind {
            $($(#[$doc])* $kind,)+
        }

        impl RecordKind {
            /// The kind whose rows are in this table; nothing for a table of what others cannot hang on.
            pub fn in_table(table: &str) -> Option<Self> {
                match table {
                    $(stringify!($table) => Some(Self::$kind),)+
                    _ => None,
                }
            }
        }

        impl Record {
            /// Whether the record is there and not deleted. If so, nobody deletes it before the transaction ends.
            pub async fn hold(self, mut conn: &TenantConn) -> QueryResult<bool> {
                let found: Option<Uuid> = match self.kind {
                    $(RecordKind::$kind => {
                        use crate::$room::$noun::$table as records;
                        records::table
                            .find(self.id)
                            .filter(records::deleted_at.is_null())
                            .select(records::id)
                            .for_share()
                            .first(&mut conn)
                            .await
                            .optional()?
                    })+
                };
                Ok(found.is_some())
            }
        }
    };
}

kinds! {
    /// A user.
    User = identity::user::users,
    /// A role.
    Role = identity::role::roles,
    /// A team.
    Team = identity::team::teams,
    /// A note.
    Note = tools::note::notes,
    /// A call.
    LogCall = tools::log_call::log_calls,
    /// An event.
    Event = tools::event::events,
    /// A review.
    Review = tools::review::reviews,
    /// A carbon footprint.
    CarbonFootprint = tools::carbon_footprint::carbon_footprints,
    /// An attachment.
    Attachment = tools::attachment::attachments,
}

/// How many records of one kind hang on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Hanging {
    /// What they are.
    pub kind: RecordKind,
    /// How many are not deleted.
    pub count: i64,
}

/// Lists the kinds that hang on others, each with its table and the columns that name the other.
macro_rules! hanging {
    ($($kind:ident = $room:ident::$noun:ident::$table:ident($record_type:ident, $record_id:ident),)+) => {
        impl Record {
            /// What hangs on the record, by kinds; those of which nothing does are left out.
            pub async fn hanging(self, mut conn: &TenantConn) -> QueryResult<Vec<Hanging>> {
                let mut all = Vec::new();
                $({
                    use crate::$room::$noun::$table as rows;
                    let count = rows::table
                        .filter(rows::$record_type.eq(self.kind))
                        .filter(rows::$record_id.eq(self.id))
                        .filter(rows::deleted_at.is_null())
                        .count()
                        .get_result(&mut conn)
                        .await?;
                    all.push(Hanging { kind: RecordKind::$kind, count });
                })+
                all.retain(|hanging| hanging.count > 0);
                Ok(all)
            }
        }
    };
}

hanging! {
    Note = tools::note::notes(notable_type, notable_id),
    LogCall = tools::log_call::log_calls(callable_type, callable_id),
    Event = tools::event::events(eventable_type, eventable_id),
    Review = tools::review::reviews(reviewable_type, reviewable_id),
    CarbonFootprint = tools::carbon_footprint::carbon_footprints(footprintable_type, footprintable_id),
    Attachment = tools::attachment::attachments(attachable_type, attachable_id),
}
