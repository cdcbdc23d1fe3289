//! Whatever names a tenant in a request: its id, its schema, or its slug.

use std::fmt;
use std::str::FromStr;

use crate::{TenantId, TenantSlug};

/// What a path or the header `X-Tenant-ID` names a tenant by.
///
/// Ids begin with a digit, slugs with a letter and hold no `_`: a text is one of the two at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TenantKey {
    /// By its id, written bare or as `tenant_<id>`.
    Id(TenantId),
    /// By its slug.
    Slug(TenantSlug),
}

/// The text names no tenant that could exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a tenant id, `tenant_<id>`, or a slug")]
pub struct TenantKeyError;

impl FromStr for TenantKey {
    type Err = TenantKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = text.strip_prefix("tenant_").unwrap_or(text);
        id.parse()
            .map(Self::Id)
            .or_else(|_| text.parse().map(Self::Slug))
            .or(Err(TenantKeyError))
    }
}

impl fmt::Display for TenantKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(formatter),
            Self::Slug(slug) => slug.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_a_schema_and_a_slug_are_told_apart() {
        let id: TenantId = "0123456789ab".parse().unwrap();
        assert_eq!("0123456789ab".parse(), Ok(TenantKey::Id(id.clone())));
        assert_eq!("tenant_0123456789ab".parse(), Ok(TenantKey::Id(id)));
        assert_eq!(
            "abcdefghjkmn".parse(),
            Ok(TenantKey::Slug("abcdefghjkmn".parse().unwrap()))
        );
    }

    #[test]
    fn a_name_that_cannot_exist_is_refused() {
        for text in [
            "",
            "tenant_acme",
            "tenant_template",
            "public",
            "a b",
            "0123456789AB",
            "acme\0",
        ] {
            assert_eq!(text.parse::<TenantKey>(), Err(TenantKeyError), "{text:?}");
        }
    }
}
