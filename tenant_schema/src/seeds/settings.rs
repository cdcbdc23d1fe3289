//! The settings that a tenant starts with: all that the server knows, each with its default.

use uuid::Uuid;

use crate::settings::{KnownSetting, NewSetting};

/// Every default setting, ready to be inserted. A secret has none.
pub(super) fn all() -> Vec<NewSetting> {
    let open = KnownSetting::all().iter().filter(|known| !known.is_secret);
    open.map(setting).collect()
}

fn setting(known: &KnownSetting) -> NewSetting {
    NewSetting {
        id: Uuid::now_v7(),
        key: known.key.to_owned(),
        value: known.default.clone(),
        value_type: known.value_type,
        constraints: None,
        description: Some(known.description.to_owned()),
        is_secret: false,
        updated_by: None,
    }
}
