//! Who asks for a change of the platform, and the one way in which its audit log is written.

use ipnet::IpNet;
use platform_schema::{NewPlatformAuditLog, PlatformChange, PlatformConn};
use uuid::Uuid;

/// Who asks for a change of the platform.
#[derive(Debug, Clone, Default)]
pub struct Requester {
    /// The system user; none for the command line.
    pub system_user: Option<Uuid>,
    /// In words: `api` or `cli`.
    pub channel: &'static str,
    /// The request, as in its answer and in the log.
    pub request_id: Option<String>,
    /// Address that the request came from.
    pub ip: Option<IpNet>,
    /// Client that the request came from, in its own words.
    pub user_agent: Option<String>,
}

impl Requester {
    /// The command line of this machine.
    pub fn command_line() -> Self {
        Self {
            channel: "cli",
            ..Self::default()
        }
    }

    /// The same request, by a system user.
    #[must_use]
    pub fn by(&self, system_user: Uuid) -> Self {
        Self {
            system_user: Some(system_user),
            ..self.clone()
        }
    }

    /// Changes the platform: `work` is done in one transaction, at whose end the audit log says who did what. Work that
    /// changed nothing gives no change, and leaves no row.
    ///
    /// # Errors
    /// The error of `work`, or a failure of the database: nothing is changed then.
    pub async fn mutate<T, C, E>(
        &self,
        action: &'static str,
        conn: &mut PlatformConn,
        mut work: impl AsyncFnMut(&mut PlatformConn) -> Result<(T, C), E>,
    ) -> Result<T, E>
    where
        C: Into<Option<PlatformChange>>,
        E: From<diesel::result::Error>,
    {
        conn.transaction(async |conn| {
            let (value, change) = work(conn).await?;
            if let Some(change) = change.into() {
                self.record(action, change, conn).await?;
            }
            Ok(value)
        })
        .await
    }

    /// Records what was done, in the transaction that does it.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn record(
        &self,
        action: &str,
        change: PlatformChange,
        conn: &PlatformConn,
    ) -> Result<(), diesel::result::Error> {
        let entry = NewPlatformAuditLog {
            id: Uuid::now_v7(),
            actor_id: self.system_user,
            action: action.to_owned(),
            object_type: change.object_type.to_owned(),
            object_id: change.object_id,
            before: change.before,
            after: change.after,
            ip: self.ip,
            user_agent: self.user_agent.clone(),
            request_id: self.request_id.clone(),
        };
        entry.insert(conn).await
    }
}
