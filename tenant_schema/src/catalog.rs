//! The catalog: every table that a tenant schema has. Adding a table is one struct and one line here.

use crate::TenantModel;
use crate::definition::{EnumDefinition, TableDefinition};

/// What a tenant schema is made of, as far as models say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// Enum types. Models bring none (see [`TenantEnum`](crate::TenantEnum)).
    pub enums: Vec<EnumDefinition>,
    /// Tables, in no particular order.
    pub tables: Vec<TableDefinition>,
}

/// Lists the models by table. Diesel admits any of these tables in one query.
macro_rules! models {
    ($($table:ident: $room:ident::$noun:ident::$model:ident,)+) => {
        $(use crate::$room::$noun::$table;)+

        diesel::allow_tables_to_appear_in_same_query!($($table),+);

        fn tables() -> Vec<TableDefinition> {
            vec![$(crate::$room::$noun::$model::definition()),+]
        }
    };
}

models! {
    api_audit_logs: settings::api_audit_log::ApiAuditLog,
    api_keys: identity::api_key::ApiKey,
    attachment_versions: tools::attachment_version::AttachmentVersion,
    attachments: tools::attachment::Attachment,
    audit_logs: settings::audit_log::AuditLog,
    carbon_footprints: tools::carbon_footprint::CarbonFootprint,
    channel_configs: tools::channel_config::ChannelConfig,
    email_verification_tokens: identity::email_verification_token::EmailVerificationToken,
    events: tools::event::Event,
    feature_flags: settings::feature_flag::FeatureFlag,
    idempotency_receipts: settings::idempotency_receipt::IdempotencyReceipt,
    log_calls: tools::log_call::LogCall,
    notes: tools::note::Note,
    password_reset_tokens: identity::password_reset_token::PasswordResetToken,
    permissions: identity::permission::Permission,
    reviews: tools::review::Review,
    role_permissions: identity::role_permission::RolePermission,
    roles: identity::role::Role,
    settings: settings::setting::Setting,
    team_members: identity::team_member::TeamMember,
    teams: identity::team::Team,
    user_permissions: identity::user_permission::UserPermission,
    user_roles: identity::user_role::UserRole,
    user_sessions: identity::user_session::UserSession,
    users: identity::user::User,
}

impl Catalog {
    /// All models.
    pub fn of_models() -> Self {
        Self {
            enums: Vec::new(),
            tables: tables(),
        }
    }
}

#[cfg(test)]
mod tests;
