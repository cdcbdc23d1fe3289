//! Settings of a tenant: typed values by key.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::audited::Audited;
use crate::identity::user::users;
use crate::{TenantEnum, TenantModel};

/// The setting that says whether system users may act as users.
pub const SUPPORT_ACCESS: &str = "support.access";

/// The setting that says how many live sessions a user has at most.
pub const MOST_SESSIONS: &str = "sessions.max_per_user";

/// What kind of value a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TenantEnum)]
pub enum ValueType {
    /// A JSON string.
    String,
    /// A JSON number without a fraction.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A JSON string out of a list.
    Enum,
    /// Any JSON.
    Json,
}

/// One setting.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = settings, check_for_backend(diesel::pg::Pg))]
pub struct Setting {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// Name of the setting, in words with dots: `sessions.max_per_user`.
    #[column(unique, check = "char_length(key) between 1 and 128")]
    pub key: String,
    /// The value.
    pub value: Value,
    /// What kind of value it takes.
    #[column(enum)]
    pub value_type: ValueType,
    /// What it does, for people.
    pub description: Option<String>,
    /// Whether the value is never shown.
    #[column(default = "false")]
    pub is_secret: bool,
    /// Who last changed it; nobody for a default.
    #[column(references = "users(id) on delete set null")]
    pub updated_by: Option<Uuid>,
    /// When the setting was made.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When the setting was last changed.
    #[column(default = "now()")]
    pub updated_at: DateTime<Utc>,
}

/// A setting to be added.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = settings, check_for_backend(diesel::pg::Pg))]
pub struct NewSetting {
    /// See [`Setting::id`].
    pub id: Uuid,
    /// See [`Setting::key`].
    pub key: String,
    /// See [`Setting::value`].
    pub value: Value,
    /// See [`Setting::value_type`].
    pub value_type: ValueType,
    /// See [`Setting::description`].
    pub description: Option<String>,
    /// See [`Setting::is_secret`].
    pub is_secret: bool,
    /// See [`Setting::updated_by`].
    pub updated_by: Option<Uuid>,
}

/// Changes to a setting: `None` leaves a column as it is, `Some(None)` empties it.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = settings, check_for_backend(diesel::pg::Pg))]
pub struct SettingChanges {
    /// See [`Setting::value`].
    pub value: Option<Value>,
    /// See [`Setting::description`].
    pub description: Option<Option<String>>,
    /// See [`Setting::updated_by`].
    pub updated_by: Option<Option<Uuid>>,
    /// See [`Setting::updated_at`].
    pub updated_at: Option<DateTime<Utc>>,
}

impl Setting {
    /// The value of a setting, if it has a row.
    pub async fn value_of(key: &str, mut conn: &TenantConn) -> QueryResult<Option<Value>> {
        settings::table
            .filter(settings::key.eq(key))
            .select(settings::value)
            .first(&mut conn)
            .await
            .optional()
    }

    /// The value of a setting, if it has a row, which nobody changes until the transaction ends.
    pub async fn hold(key: &str, conn: &mut TenantConn) -> QueryResult<Option<Value>> {
        let mut shared: &TenantConn = conn;
        settings::table
            .filter(settings::key.eq(key))
            .select(settings::value)
            .for_share()
            .first(&mut shared)
            .await
            .optional()
    }

    /// Changes a setting, and gives it before and after. Belongs into a transaction.
    ///
    /// # Errors
    /// `NotFound` where the setting has no row.
    pub async fn change(
        key: &str,
        changes: &SettingChanges,
        conn: &mut TenantConn,
    ) -> QueryResult<(Self, Self)> {
        let mut shared: &TenantConn = conn;
        let before: Self = settings::table
            .filter(settings::key.eq(key))
            .select(Self::as_select())
            .for_no_key_update()
            .first(&mut shared)
            .await?;
        let after = diesel::update(settings::table.find(before.id))
            .set(changes)
            .returning(Self::as_returning())
            .get_result(&mut shared)
            .await?;
        Ok((before, after))
    }
}

impl Audited for Setting {
    const KIND: &'static str = "setting";
    const SECRETS: &'static [&'static str] = &["secret_value"];

    fn key(&self) -> String {
        self.key.clone()
    }

    fn snapshot(&self) -> Value {
        let value = if self.is_secret {
            "secret_value"
        } else {
            "value"
        };
        json!({
            "key": self.key,
            value: self.value,
            "value_type": self.value_type.label(),
            "updated_by": self.updated_by,
        })
    }
}
