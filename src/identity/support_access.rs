//! Support access: whether system users may act as users of a tenant, as the tenant says it.

use serde_json::Value;
use tenant_schema::settings::{Setting, known};

use super::setting_changes::{NewValue, SettingName};
use super::signed_in::SignedIn;
use crate::error::ApiError;

impl SignedIn {
    /// Whether system users may act as users of the tenant.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn support_access(&self) -> Result<bool, ApiError> {
        let value = Setting::value_of(known::SUPPORT_ACCESS, self.conn().await?).await?;
        Ok(value != Some(Value::Bool(false)))
    }

    /// Says whether system users may act as users of the tenant. Where they may not, the sessions in which they do end. It is
    /// the setting, changed as any other.
    ///
    /// # Errors
    /// As [`Self::update_setting`].
    pub async fn set_support_access(&mut self, is_allowed: bool) -> Result<(), ApiError> {
        let name = SettingName::Key(known::SUPPORT_ACCESS.to_owned());
        let new = NewValue::of(Value::Bool(is_allowed));
        self.update_setting(&name, None, &new).await.map(drop)
    }
}
