//! One setting as it is in force: what the server knows of it, and the row that the tenant has for it.

use chrono::DateTime;
use serde_json::Value;
use tenant_schema::settings::{Constraints, KnownSetting, Setting, ValueType};
use uuid::Uuid;

use crate::resource::ETag;

/// What the names of settings begin with that are a tenant's own.
pub const CUSTOM: &str = "custom.";

/// Longest name, in characters.
pub const LONGEST_KEY: usize = 128;

/// A setting. It is known to the server, or has a row, or both.
#[derive(Debug, Clone)]
pub struct EffectiveSetting {
    known: Option<&'static KnownSetting>,
    row: Option<Setting>,
}

impl EffectiveSetting {
    /// The setting of this name, whose row is `row`; nothing where there is neither.
    pub fn of(key: &str, row: Option<Setting>) -> Option<Self> {
        let known = KnownSetting::find(key);
        (known.is_some() || row.is_some()).then_some(Self { known, row })
    }

    /// The setting of a row that was just made.
    pub fn made(row: Setting) -> Self {
        Self {
            known: KnownSetting::find(&row.key),
            row: Some(row),
        }
    }

    /// All settings, in the order of their names: those that the server knows, and those that have a row.
    pub fn all(rows: Vec<Setting>) -> Vec<Self> {
        let with_row = |known: &KnownSetting| rows.iter().any(|row| row.key == known.key);
        let without = KnownSetting::all().iter().filter(|known| !with_row(known));
        let mut all: Vec<Self> = without
            .map(|known| Self {
                known: Some(known),
                row: None,
            })
            .collect();
        all.extend(rows.into_iter().map(Self::made));
        all.sort_by(|one, other| one.key().cmp(other.key()));
        all
    }

    /// Its name.
    pub fn key(&self) -> &str {
        let row = self.row.as_ref().map(|row| row.key.as_str());
        self.known
            .map(|known| known.key)
            .or(row)
            .unwrap_or_default()
    }

    /// What the server knows of it; nothing of a tenant's own.
    pub fn known(&self) -> Option<&'static KnownSetting> {
        self.known
    }

    /// The tenant's row for it.
    pub fn row(&self) -> Option<&Setting> {
        self.row.as_ref()
    }

    /// What kind of value it takes.
    pub fn value_type(&self) -> ValueType {
        let of_row = self.row.as_ref().map(|row| row.value_type);
        let of_known = self.known.map(|known| known.value_type);
        of_known.or(of_row).unwrap_or(ValueType::Json)
    }

    /// What the value must keep to. Constraints that cannot be read constrain nothing.
    pub fn constraints(&self) -> Constraints {
        if let Some(known) = self.known {
            return known.constraints.clone();
        }
        let kept = self.row.as_ref().and_then(|row| row.constraints.clone());
        let read = kept.map(serde_json::from_value);
        read.and_then(Result::ok).unwrap_or_default()
    }

    /// Whether the value is never shown.
    pub fn is_secret(&self) -> bool {
        let of_row = self.row.as_ref().is_some_and(|row| row.is_secret);
        of_row || self.known.is_some_and(|known| known.is_secret)
    }

    /// The value that holds where the tenant sets none; nothing for a tenant's own, and for a secret.
    pub fn default(&self) -> Option<&Value> {
        let open = self.known.filter(|known| !known.is_secret);
        open.map(|known| &known.default)
    }

    /// The value in force; nothing for a secret, which is not shown.
    pub fn value(&self) -> Option<&Value> {
        if self.is_secret() {
            return None;
        }
        let own = self.row.as_ref().map(|row| &row.value);
        own.or(self.default())
    }

    /// Whether somebody set the value. The row that a new tenant gets for each setting is nobody's.
    pub fn is_overridden(&self) -> bool {
        let Some(row) = &self.row else {
            return false;
        };
        row.is_secret || row.updated_by.is_some() || Some(&row.value) != self.default()
    }

    /// What it does, for people.
    pub fn description(&self) -> Option<&str> {
        let own = self.row.as_ref().and_then(|row| row.description.as_deref());
        self.known.map(|known| known.description).or(own)
    }

    /// Its version: that of the row, or that of the default.
    pub fn etag(&self) -> ETag {
        match &self.row {
            Some(row) => ETag::of(row.id, row.updated_at),
            None => ETag::of(Uuid::nil(), DateTime::UNIX_EPOCH),
        }
    }

    /// Checks a value, as far as it goes without the tenant's tables.
    ///
    /// # Errors
    /// What is wrong with it: the end of a sentence that begins with its name.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        match self.known {
            Some(known) => known.check(value),
            None => self.constraints().check(self.value_type(), value),
        }
    }
}

/// Whether a text can be the name of a tenant's own setting: `custom.` and words of small letters, digits and `_`, with dots
/// between them; 128 characters at most.
pub fn is_custom_key(key: &str) -> bool {
    let is_word = |word: &str| {
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        !word.is_empty() && word.bytes().all(is_allowed)
    };
    key.len() <= LONGEST_KEY
        && key
            .strip_prefix(CUSTOM)
            .is_some_and(|rest| rest.split('.').all(is_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_tenants_own_settings_are_words_below_custom() {
        for key in ["custom.a", "custom.billing.day_of_month", "custom.9"] {
            assert!(is_custom_key(key), "{key}");
        }
        let long = format!("custom.{}", "x".repeat(122));
        for key in [
            "custom.",
            "custom",
            "custom.A",
            "custom.a.",
            "custom..a",
            "custom.a b",
            "support.access",
            &long,
        ] {
            assert!(!is_custom_key(key), "{key}");
        }
    }

    #[test]
    fn what_the_server_knows_has_a_value_without_a_row() {
        for setting in EffectiveSetting::all(Vec::new()) {
            assert_eq!(setting.value(), setting.default(), "{}", setting.key());
            assert!(!setting.is_overridden());
        }
        assert!(EffectiveSetting::of("custom.a", None).is_none());
    }
}
