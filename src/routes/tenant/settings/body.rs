//! The bodies of the settings resource: checked as a whole, so that every fault is named at once.

use serde::Deserialize;
use serde_json::Value;
use tenant_schema::settings::{Constraints, ValueType};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::identity::setting_changes::{NewValue, SettingOrder};
use crate::resource::{Validation, given};
use crate::settings::is_custom_key;

/// Longest description, in characters.
pub(super) const LONGEST_DESCRIPTION: usize = 500;

/// A setting of the tenant's own, to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateSetting {
    /// `custom.` and words of small letters, digits and `_`, with dots between them.
    #[schema(pattern = r"^custom(\.[a-z0-9_]+)+$", max_length = 128)]
    key: String,
    #[serde(rename = "type")]
    value_type: ValueType,
    value: Value,
    #[serde(default)]
    constraints: Constraints,
    /// Whether the value is never shown, and kept encrypted.
    #[serde(default)]
    is_secret: bool,
    #[schema(max_length = 500)]
    description: Option<String>,
}

/// What a setting is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::option_option,
    reason = "an absent field, a null and a value are three things"
)]
pub(super) struct ChangeSetting {
    value: Value,
    /// Of a setting of the tenant's own.
    #[serde(default)]
    constraints: Option<Constraints>,
    /// Of a setting of the tenant's own.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    description: Option<Option<String>>,
}

impl CreateSetting {
    /// Checks every field.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub(super) fn check(self) -> Result<SettingOrder, ApiError> {
        let mut validation = Validation::new();
        let message = "must be `custom.` and words of small letters, digits and `_`, with dots between them, 128 characters \
                       at most (hint: what the server knows is changed by PUT)";
        validation.require(is_custom_key(&self.key), "key", message);
        let fits = check_constraints(&mut validation, &self.constraints, self.value_type);
        let value = self.constraints.check(self.value_type, &self.value);
        if fits && let Err(message) = value {
            validation.field("value", message);
        }
        check_description(&mut validation, self.description.as_deref());
        validation.finish()?;
        Ok(SettingOrder {
            key: self.key,
            value_type: self.value_type,
            constraints: self.constraints,
            value: self.value,
            is_secret: self.is_secret,
            description: self.description,
        })
    }
}

impl ChangeSetting {
    /// Checks what can be told without the setting; its type and constraints are its own.
    ///
    /// # Errors
    /// `validation_failed`.
    pub(super) fn check(self) -> Result<NewValue, ApiError> {
        let mut validation = Validation::new();
        let description = self.description.as_ref().and_then(Option::as_deref);
        check_description(&mut validation, description);
        validation.finish()?;
        Ok(NewValue {
            value: self.value,
            description: self.description,
            constraints: self.constraints,
        })
    }
}

/// Records the faults of constraints. Says whether there are none.
fn check_constraints(
    validation: &mut Validation,
    constraints: &Constraints,
    value_type: ValueType,
) -> bool {
    let faults = constraints.faults(value_type);
    let fits = faults.is_empty();
    for (field, message) in faults {
        validation.field(format!("constraints.{field}"), message);
    }
    fits
}

fn check_description(validation: &mut Validation, description: Option<&str>) {
    let length = description.map_or(0, |text| text.chars().count());
    let message = format!("must be at most {LONGEST_DESCRIPTION} characters");
    validation.require(length <= LONGEST_DESCRIPTION, "description", &message);
}
