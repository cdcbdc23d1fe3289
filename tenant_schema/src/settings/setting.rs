//! Settings of a tenant: typed values by key.

mod life;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::identity::user::users;
use crate::{TenantEnum, TenantModel};

/// What kind of value a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TenantEnum, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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
    /// The value; of a secret, what it was sealed to.
    pub value: Value,
    /// What kind of value it takes.
    #[column(enum)]
    pub value_type: ValueType,
    /// What the value of a setting of the tenant's own must keep to.
    #[column(check = "jsonb_typeof(constraints) = 'object'")]
    pub constraints: Option<Value>,
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
    /// See [`Setting::constraints`].
    pub constraints: Option<Value>,
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
    /// See [`Setting::constraints`].
    pub constraints: Option<Option<Value>>,
    /// See [`Setting::description`].
    pub description: Option<Option<String>>,
    /// See [`Setting::updated_by`].
    pub updated_by: Option<Option<Uuid>>,
}
