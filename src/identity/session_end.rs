//! Ending one's own sessions.

use serde_json::json;
use tenant_schema::identity::{EndReason, User, UserSession};
use tenant_schema::settings::{Audited, Change};
use uuid::Uuid;

use super::signed_in::SignedIn;
use crate::error::ApiError;

impl SignedIn {
    /// Ends a live session of the caller.
    ///
    /// # Errors
    /// `permission_denied` for a caller with an API key, `not_found` when the caller has no such session, or a failure of the database.
    pub async fn end_session(&mut self, id: Uuid, reason: EndReason) -> Result<(), ApiError> {
        let current = self.session()?;
        if id != current {
            self.own_session()?;
        }
        let user = self.access().user.id;
        self.mutate(reason.action(), async |conn| {
            let ended = UserSession::end_own(id, user, reason, conn).await?;
            Ok(((), Change::deleted(&ended)))
        })
        .await
    }

    /// Ends all sessions of the caller.
    ///
    /// # Errors
    /// `permission_denied` for a caller with an API key, `not_found` when the caller is gone, or a failure of the database.
    pub async fn end_all_sessions(&mut self, reason: EndReason) -> Result<(), ApiError> {
        self.own_session()?;
        let user = self.access().user.id;
        self.mutate("auth.logout_all", async |conn| {
            let ended = UserSession::end_all_of(user, None, reason, conn).await?;
            let ended: Vec<Uuid> = ended.iter().map(|session| session.id).collect();
            let change = Change::about(
                User::KIND,
                Some(user.to_string()),
                json!({ "ended_sessions": ended }),
            );
            Ok(((), change))
        })
        .await
    }
}
