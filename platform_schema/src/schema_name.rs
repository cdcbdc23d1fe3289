//! The name of a tenant schema, the only thing that is ever put into DDL.

use std::str::FromStr;

use crate::TenantId;
use crate::quote_identifier;
use crate::text_column::text_newtype;

const PREFIX: &str = "tenant_";

/// Names longer than 63 bytes are cut short by PostgreSQL without an error (`NAMEDATALEN`).
const MAX_LENGTH: usize = 63;

text_newtype! {
    /// The name of a schema that belongs to a tenant or is shaped like one: `tenant_` and up to 56 of `a-z`, `0-9`, `_`.
    ///
    /// Besides `tenant_<id>` it holds `tenant_template` and the names that the provisioner gives its own schemas.
    #[schema(value_type = String, pattern = "^tenant_[a-z0-9_]{1,56}$")]
    pub struct SchemaName(String), refused with SchemaNameError, read by str::parse;
}

/// The text is not the name of a tenant schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tenant schema is named `{PREFIX}` and 1 to 56 characters of `a-z`, `0-9` and `_`")]
pub struct SchemaNameError;

impl SchemaName {
    /// The schema of a tenant, which is also the name of its role.
    pub fn of(id: &TenantId) -> Self {
        Self(format!("{PREFIX}{id}"))
    }

    /// The schema in which operators define tables in SQL.
    pub fn template() -> Self {
        Self(format!("{PREFIX}template"))
    }

    /// The name as a quoted identifier, to be put into SQL.
    pub fn quoted(&self) -> String {
        quote_identifier(&self.0)
    }
}

impl FromStr for SchemaName {
    type Err = SchemaNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix(PREFIX).ok_or(SchemaNameError)?;
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !rest.is_empty() && text.len() <= MAX_LENGTH && rest.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SchemaNameError)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn schemas_of_the_platform_and_of_postgresql_are_refused() {
        for text in [
            "",
            "public",
            "shared",
            "information_schema",
            "pg_catalog",
            "pg_x",
            "tenant_",
            "tenant",
            "Tenant_a",
            "tenant_A",
            "tenant_a\"",
            "tenant_a;",
            "tenant_a\0",
            "tenant_\u{202e}a",
            " tenant_a",
        ] {
            assert_eq!(text.parse::<SchemaName>(), Err(SchemaNameError), "{text:?}");
        }
    }

    #[test]
    fn sixty_three_bytes_fit_and_sixty_four_do_not() {
        assert!(
            format!("tenant_{}", "a".repeat(56))
                .parse::<SchemaName>()
                .is_ok()
        );
        assert!(
            format!("tenant_{}", "a".repeat(57))
                .parse::<SchemaName>()
                .is_err()
        );
    }

    #[test]
    fn names_made_by_the_crate_are_accepted() {
        let id = TenantId::generate();
        for name in [SchemaName::of(&id), SchemaName::template()] {
            assert_eq!(name.as_str().parse().as_ref(), Ok(&name));
            assert_eq!(name.quoted(), format!("\"{name}\""));
        }
    }

    proptest! {
        #[test]
        fn nothing_outside_the_allow_list_is_accepted(text in "\\PC{0,70}|tenant_[a-zA-Z0-9\"'\\x00\u{202e}_;-]{0,60}") {
            let allowed = text.len() <= 63
                && text.strip_prefix("tenant_").is_some_and(|rest| {
                    !rest.is_empty() && rest.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'))
                });
            prop_assert_eq!(text.parse::<SchemaName>().is_ok(), allowed);
        }

        #[test]
        fn everything_in_the_allow_list_is_accepted(text in "tenant_[a-z0-9_]{1,56}") {
            prop_assert_eq!(text.parse::<SchemaName>().map(String::from), Ok(text));
        }
    }
}
