//! A tenant's settings and feature flags as they are in force: its own values over the defaults in code.
//!
//! How they are changed is in `identity::setting_changes`.

mod cache;
mod effective_setting;
mod rollout;

pub use self::cache::{SettingsCache, TenantSettings};
pub use self::effective_setting::{CUSTOM, EffectiveSetting, LONGEST_KEY, is_custom_key};
pub use self::rollout::{is_on, share};
