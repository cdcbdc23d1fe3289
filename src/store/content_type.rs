//! What kind of content a file has: what its first bytes say, and what the client says where they say nothing.

use crate::config::{AttachmentConfig, TypePattern};

/// How many of the first bytes are looked at: as far as the signatures of all known types reach.
pub const LOOKED_AT: usize = 8 * 1024;

/// What is known of a content that nobody says anything about (RFC 9110 §8.3).
const UNKNOWN: &str = "application/octet-stream";

/// Longest media type that is believed (RFC 6838 §4.2).
const LONGEST: usize = 127;

/// Types that are the outside of others: a document of many programs is an archive within.
const CONTAINERS: [&str; 3] = ["application/zip", "text/xml", "application/x-ole-storage"];

/// Which types attachments may have.
#[derive(Debug, Clone)]
pub struct TypeRules {
    allowed: Vec<TypePattern>,
    denied: Vec<TypePattern>,
}

/// A content of a type that attachments may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("files of the type `{0}` are not taken")]
pub struct TypeDenied(String);

impl TypeRules {
    /// The rules of the configuration.
    pub fn new(config: &AttachmentConfig) -> Self {
        Self {
            allowed: config.attachment_allowed_types.clone(),
            denied: config.attachment_denied_types.clone(),
        }
    }

    /// The type of a content, by its first bytes and by what the client says.
    ///
    /// # Errors
    /// Where either of them is denied, or the type is none of the allowed ones.
    pub fn judge(&self, first: &[u8], declared: Option<&str>) -> Result<String, TypeDenied> {
        let found = infer::get(first).map(|found| found.mime_type());
        let declared = declared.and_then(essence);
        let judged = match (found, &declared) {
            (Some(found), Some(declared)) if CONTAINERS.contains(&found) => declared.clone(),
            (Some(found), _) => found.to_owned(),
            (None, Some(declared)) => declared.clone(),
            (None, None) => UNKNOWN.to_owned(),
        };
        let is_denied = |name: &str| self.denied.iter().any(|pattern| pattern.covers(name));
        let claims = [found, declared.as_deref()];
        if let Some(denied) = claims.into_iter().flatten().find(|name| is_denied(name)) {
            return Err(TypeDenied(denied.to_owned()));
        }
        let is_allowed =
            self.allowed.is_empty() || self.allowed.iter().any(|pattern| pattern.covers(&judged));
        if is_allowed {
            Ok(judged)
        } else {
            Err(TypeDenied(judged))
        }
    }
}

/// A media type without its parameters, in lower case, if it is one.
fn essence(declared: &str) -> Option<String> {
    let name = declared.split(';').next().unwrap_or_default().trim();
    let name = name.to_ascii_lowercase();
    let is_type =
        name.len() <= LONGEST && !name.contains('*') && name.parse::<TypePattern>().is_ok();
    is_type.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

    fn rules(allowed: &[&str]) -> TypeRules {
        let patterns = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        TypeRules {
            allowed: patterns(allowed),
            denied: patterns(&["application/x-executable", "text/x-shellscript"]),
        }
    }

    #[test]
    fn the_first_bytes_count_more_than_what_the_client_says() {
        let rules = rules(&[]);
        let judge = |first: &[u8], declared| rules.judge(first, declared).unwrap();
        assert_eq!(judge(PNG, Some("text/html")), "image/png");
        assert_eq!(
            judge(b"hello", Some("Text/Plain; charset=utf-8")),
            "text/plain"
        );
        assert_eq!(judge(b"hello", Some("a\r\nb/c")), UNKNOWN);
        assert_eq!(judge(b"", None), UNKNOWN);
    }

    #[test]
    fn a_program_is_refused_whatever_it_is_called() {
        for (first, declared) in [
            (ELF, Some("image/png")),
            (ELF, None),
            (b"#!/bin/sh\nrm -rf /\n".as_slice(), Some("text/plain")),
            (PNG, Some("application/x-executable")),
        ] {
            assert!(rules(&[]).judge(first, declared).is_err(), "{declared:?}");
        }
    }

    #[test]
    fn where_some_are_allowed_all_others_are_not() {
        let rules = rules(&["image/*"]);
        assert!(rules.judge(PNG, None).is_ok());
        assert!(rules.judge(b"hello", Some("text/plain")).is_err());
    }
}
