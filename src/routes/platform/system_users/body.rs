//! The bodies of the system users resource.

use platform_schema::{NewSystemUser, SystemUserChanges, SystemUserRole};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::{ApiError, Code, OnConstraint};
use crate::identity::email;
use crate::pepper::password::{Password, PasswordHasher};
use crate::resource::Validation;

/// A system user to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateSystemUser {
    /// E-mail address to log in with.
    email: String,
    role: SystemUserRole,
    #[schema(value_type = String, format = Password, min_length = 8)]
    password: SecretString,
}

/// The fields of a system user that change; an absent one stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PatchSystemUser {
    /// E-mail address to log in with.
    email: Option<String>,
    role: Option<SystemUserRole>,
    is_active: Option<bool>,
}

impl CreateSystemUser {
    pub(super) async fn into_new(self, hasher: &PasswordHasher) -> Result<NewSystemUser, ApiError> {
        let mut validation = Validation::new();
        let email = validation.take("email", email::normalize(&self.email));
        let password = Password::parse_new(self.password.expose_secret().to_owned());
        let password = validation.take("password", password);
        validation.finish()?;
        let (email, password) = email.zip(password).ok_or(Code::ValidationFailed)?;
        Ok(NewSystemUser {
            id: Uuid::now_v7(),
            email,
            password_hash: hasher.hash(&password).await?.expose().to_owned(),
            role: self.role,
        })
    }
}

impl PatchSystemUser {
    pub(super) fn into_changes(self) -> Result<SystemUserChanges, ApiError> {
        let mut validation = Validation::new();
        let email = self.email.as_deref().map(email::normalize);
        let email = email.and_then(|email| validation.take("email", email));
        validation.finish()?;
        Ok(SystemUserChanges {
            email,
            role: self.role,
            is_active: self.is_active,
        })
    }
}

/// Blames the address where another system user has it.
pub(super) fn blame_duplicates<T, E: Into<ApiError>>(done: Result<T, E>) -> Result<T, ApiError> {
    done.on_constraint("system_users_email_key", "email", "is already taken")
}
