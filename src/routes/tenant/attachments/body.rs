//! The JSON body of the attachments resource, and the checks that it shares with the form.

use serde::Deserialize;
use tenant_schema::tools::AttachmentChanges;
use utoipa::ToSchema;

use crate::attachments::FileName;
use crate::error::ApiError;
use crate::resource::{Validation, given};

/// Longest description, in characters.
const LONGEST_DESCRIPTION: usize = 500;

/// The fields of an attachment that change; an absent one stays, a null description is cleared.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::option_option,
    reason = "an absent field, a null and a value are three things"
)]
pub(super) struct PatchAttachment {
    #[serde(deserialize_with = "given")]
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    description: Option<Option<String>>,
}

impl PatchAttachment {
    /// Checks the fields that are given.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub(super) fn check(self) -> Result<AttachmentChanges, ApiError> {
        let mut validation = Validation::new();
        let name = self.name.as_deref().map(FileName::parse);
        let name = name.and_then(|name| validation.take("name", name));
        let description = self.description.as_ref().and_then(Option::as_deref);
        check_description(description, &mut validation);
        validation.finish()?;
        Ok(AttachmentChanges {
            name: name.map(FileName::into_inner),
            description: self.description,
        })
    }
}

/// Checks a description, if there is one.
pub(super) fn check_description(description: Option<&str>, validation: &mut Validation) {
    let length = description.map_or(0, |text| text.chars().count());
    let message = format!("must be at most {LONGEST_DESCRIPTION} characters");
    validation.require(length <= LONGEST_DESCRIPTION, "description", &message);
}
