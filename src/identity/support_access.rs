//! Support access: whether system users may act as users of a tenant, as the tenant says it.

use diesel::OptionalExtension;
use serde_json::Value;
use tenant_schema::identity::UserSession;
use tenant_schema::settings::{Change, Setting, SettingChanges, setting};

use super::signed_in::SignedIn;
use crate::error::{ApiError, Code};

impl SignedIn {
    /// Whether system users may act as users of the tenant.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn support_access(&self) -> Result<bool, ApiError> {
        let value = Setting::value_of(setting::SUPPORT_ACCESS, self.conn().await?).await?;
        Ok(value != Some(Value::Bool(false)))
    }

    /// Says whether system users may act as users of the tenant. Where they may not, the sessions in which they do end.
    ///
    /// # Errors
    /// `permission_denied` for who acts as a user themselves, `not_found` where the tenant lacks the setting, or a failure of
    /// the database.
    pub async fn set_support_access(&mut self, is_allowed: bool) -> Result<(), ApiError> {
        self.own_session()?;
        let changes = SettingChanges {
            value: Some(Value::Bool(is_allowed)),
            updated_by: Some(Some(self.access().user.id)),
            ..SettingChanges::default()
        };
        self.mutate("support_access.update", async |conn| {
            let setting = Setting::change(setting::SUPPORT_ACCESS, &changes, conn).await;
            let (before, after) = setting.optional()?.ok_or(Code::NotFound)?;
            if !is_allowed {
                UserSession::end_acting(conn).await?;
            }
            Ok(((), Change::updated(&before, &after)))
        })
        .await
    }
}
