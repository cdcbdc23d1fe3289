//! Fields of a body that may be absent.

use serde::{Deserialize, Deserializer};

/// Tells a null from an absent field, which stays: a null clears what may be empty, and is refused elsewhere. For
/// `#[serde(default, deserialize_with = "given")]` on an `Option`.
///
/// # Errors
/// What the field's own type says of the value.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
