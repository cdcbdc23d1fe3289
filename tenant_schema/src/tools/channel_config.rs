//! Channels by which the tenant reaches people, and how.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::resource::Secret;
use crate::{Resource, TenantEnum, TenantModel};

/// A channel by which the tenant reaches people.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, ToSchema, TenantModel, Resource)]
#[diesel(table_name = channel_configs, check_for_backend(diesel::pg::Pg))]
#[model(unique(
    "lower(name)",
    where = "deleted_at is null",
    name = "channel_configs_name_key"
))]
#[resource(path = "/tools/channels", order = "name")]
#[resource(blame("channel_configs_name_key", name, "is already taken"))]
pub struct ChannelConfig {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// What people call it, unique regardless of case.
    #[column(length(1, 100))]
    #[resource(search, sort)]
    pub name: String,
    /// What it goes by.
    #[column(enum)]
    #[resource(filter)]
    pub kind: ChannelKind,
    /// Whether it is used.
    #[resource(default, filter)]
    pub is_enabled: bool,
    /// What is needed to use it, without secrets: an address, a host.
    #[column(check = "jsonb_typeof(settings) = 'object'")]
    #[resource(check = "is_object")]
    #[schema(value_type = Object)]
    pub settings: Value,
    /// The password, token or key that it takes. It is kept encrypted, and never shown.
    #[column(diesel_type = "diesel::sql_types::Text")]
    #[resource(secret)]
    #[serde(skip)]
    pub secret: Option<Secret>,
    /// Whether there is a secret.
    #[column(generated = "secret is not null")]
    pub has_secret: bool,
    /// When it was made.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[column(default = "now()")]
    pub updated_at: DateTime<Utc>,
    /// When it was deleted, if so.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// What a channel goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TenantEnum, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum ChannelKind {
    Email,
    Sms,
    Whatsapp,
    Webhook,
}

fn is_object(settings: &Value) -> Result<(), &'static str> {
    match settings {
        Value::Object(_) => Ok(()),
        _ => Err("must be an object"),
    }
}
