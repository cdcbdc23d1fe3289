//! What connections announce to every node of the platform, and how it is written: `NOTIFY` on one channel.
//!
//! An announcement is heard when the transaction commits that made it, and never when it is rolled back (manual, `NOTIFY`).

use std::sync::atomic::{AtomicBool, Ordering};

use diesel::sql_types::Text;
use diesel::{IntoSql, QueryResult, TextExpressionMethods};
use diesel_async::RunQueryDsl;

use crate::{Conn, Platform, Reach, Tenant};

#[diesel::declare_sql_function]
extern "SQL" {
    /// Sends a notification (manual, `NOTIFY`). What it gives back is void.
    fn pg_notify(channel: Text, payload: Text) -> Text;
    /// The schema that comes first on the path: the tenant's.
    fn current_schema() -> Text;
}

/// The channel.
pub const CHANNEL: &str = "rowhouse";

/// What was announced. Names are as they are written in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announcement<'a> {
    /// The row of a tenant in the registry has changed.
    Tenant {
        /// The tenant's id.
        id: &'a str,
        /// The slug that it had or has.
        slug: &'a str,
    },
    /// What some user of the tenant may do has changed, or whether a session lives.
    Access {
        /// The tenant's schema.
        schema: &'a str,
    },
    /// The audit log of a tenant has got rows.
    Recorded {
        /// The tenant's id.
        tenant: &'a str,
    },
    /// A setting or a feature flag of the tenant has changed.
    Settings {
        /// The tenant's schema.
        schema: &'a str,
    },
    /// The rows of all tenants may have changed.
    Tenants,
    /// There is mail to be sent.
    Mail,
    /// The keys that sign tokens have changed.
    SigningKeys,
    /// A node asks for its own voice, to know that it hears.
    Pulse {
        /// The node.
        node: &'a str,
        /// How many it has sent.
        number: u64,
    },
}

impl<'a> Announcement<'a> {
    /// Reads what was announced; nothing for what nobody here writes.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut words = text.split(' ');
        let announcement = match (words.next()?, words.next(), words.next()) {
            ("tenant", Some(id), Some(slug)) => Self::Tenant { id, slug },
            ("access", Some(schema), None) => Self::Access { schema },
            ("recorded", Some(tenant), None) => Self::Recorded { tenant },
            ("settings", Some(schema), None) => Self::Settings { schema },
            ("tenants", None, None) => Self::Tenants,
            ("mail", None, None) => Self::Mail,
            ("keys", None, None) => Self::SigningKeys,
            ("pulse", Some(node), Some(number)) => {
                let number = number.parse().ok()?;
                Self::Pulse { node, number }
            }
            _ => return None,
        };
        words.next().is_none().then_some(announcement)
    }
}

impl Conn<Tenant> {
    /// Announces that what users of this tenant may do has changed, or whether their sessions live. Belongs into the
    /// transaction that changes it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn announce_access(&self) -> QueryResult<()> {
        self.announce("access ").await
    }

    /// Announces that a setting or a feature flag of this tenant has changed. Belongs into the transaction that changes it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn announce_settings(&self) -> QueryResult<()> {
        self.announce("settings ").await
    }

    async fn announce(&self, what: &'static str) -> QueryResult<()> {
        self.announced.store(true, Ordering::Release);
        let payload = what.into_sql::<Text>().concat(current_schema());
        diesel::select(pg_notify(CHANNEL, payload))
            .execute(&mut &*self)
            .await
            .map(drop)
    }

    /// Notes that rows were added to the tenant's audit log. Who takes the connection back tells those who wait for them.
    pub fn note_recorded(&self) {
        self.recorded.store(true, Ordering::Release);
    }

    /// Whether something was announced on this lease.
    pub fn has_announced(&self) -> bool {
        AtomicBool::load(&self.announced, Ordering::Acquire)
    }
}

impl<R: Reach> Conn<R> {
    /// Whether rows were added to an audit log on this lease.
    pub fn has_recorded(&self) -> bool {
        AtomicBool::load(&self.recorded, Ordering::Acquire)
    }
}

impl Conn<Platform> {
    /// Announces that the keys that sign tokens have changed. Belongs into the transaction that changes them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn announce_signing_keys(&self) -> QueryResult<()> {
        diesel::select(pg_notify(CHANNEL, "keys"))
            .execute(&mut &*self)
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let read = [
            (
                "tenant 0ab acme",
                Announcement::Tenant {
                    id: "0ab",
                    slug: "acme",
                },
            ),
            (
                "access tenant_0ab",
                Announcement::Access {
                    schema: "tenant_0ab",
                },
            ),
            ("recorded 0ab", Announcement::Recorded { tenant: "0ab" }),
            (
                "settings tenant_0ab",
                Announcement::Settings {
                    schema: "tenant_0ab",
                },
            ),
            ("tenants", Announcement::Tenants),
            ("mail", Announcement::Mail),
            ("keys", Announcement::SigningKeys),
            (
                "pulse 1f 7",
                Announcement::Pulse {
                    node: "1f",
                    number: 7,
                },
            ),
        ];
        for (text, expected) in read {
            assert_eq!(Announcement::parse(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "tenant",
            "tenant 0ab",
            "access",
            "access a b",
            "recorded",
            "pulse 1f x",
            "tenants 1",
            "tenant a b c",
        ] {
            assert_eq!(Announcement::parse(text), None, "{text}");
        }
    }
}
