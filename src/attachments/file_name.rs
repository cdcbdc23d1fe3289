//! Names of files: what a client calls one, without what could mislead or reach elsewhere. No path is ever made of them.

use actix_web::http::header::{
    Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue,
};

/// Longest name, in characters.
const LONGEST: usize = 255;

/// What is said of a name that is none.
const PROBLEM: &str =
    "must be 1 to 255 characters without slashes, control characters and text direction overrides";

/// The name of a file, without a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

/// The text is no name of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{PROBLEM}")]
pub struct FileNameError;

impl FileName {
    /// Takes a name as it is.
    ///
    /// # Errors
    /// A name that is empty, too long, a folder's, or holds characters that no name should.
    pub fn parse(text: &str) -> Result<Self, FileNameError> {
        let fits = (1..=LONGEST).contains(&text.chars().count());
        let is_folder = text == "." || text == "..";
        if fits && !is_folder && text.trim() == text && !text.chars().any(is_forbidden) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FileNameError)
        }
    }

    /// Takes the name that a browser sends with a file: some send the whole path (RFC 7578 §4.2), of which the end counts.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn of_upload(text: &str) -> Result<Self, FileNameError> {
        let end = text.rsplit(['/', '\\']).next();
        Self::parse(end.unwrap_or_default().trim())
    }

    /// The name.
    pub fn into_inner(self) -> String {
        self.0
    }
}

/// The header that has a browser save a file of this name and never show it: a plain name for the old ones, and the name
/// itself for all others (RFC 6266 §4.3, appendix D; RFC 8187).
pub fn disposition(name: &str) -> ContentDisposition {
    let plain = name.chars().map(|character| match character {
        '"' | '\\' | '%' | ';' => '_',
        character if character.is_ascii() && !character.is_ascii_control() => character,
        _ => '_',
    });
    let extended = ExtendedValue {
        charset: Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: name.as_bytes().to_vec(),
    };
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![
            DispositionParam::Filename(plain.collect()),
            DispositionParam::FilenameExt(extended),
        ],
    }
}

/// Characters that name a folder, break a line, or turn the writing round (Unicode, UAX #9) so that one name reads as
/// another.
fn is_forbidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '/' | '\\' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_as_it_is_or_refused() {
        for good in ["a", "Bericht über 2026.pdf", "…", ".env", &"ä".repeat(255)] {
            assert_eq!(FileName::parse(good).unwrap().into_inner(), good);
        }
        for bad in [
            "",
            ".",
            "..",
            " a",
            "a ",
            "a/b",
            "a\\b",
            "a\0",
            "a\r\nb",
            "gpj.\u{202E}exe",
            &"a".repeat(256),
        ] {
            assert_eq!(FileName::parse(bad), Err(FileNameError), "{bad:?}");
        }
    }

    #[test]
    fn of_a_path_the_end_counts() {
        let name = |text: &str| FileName::of_upload(text).unwrap().into_inner();
        assert_eq!(name("C:\\fakepath\\plan.txt"), "plan.txt");
        assert_eq!(name("../../etc/passwd"), "passwd");
        assert!(FileName::of_upload("a/..").is_err());
    }

    #[test]
    fn a_header_holds_a_plain_name_and_the_name_itself() {
        let header = disposition("Mäuse \"& co\"; 100%.pdf").to_string();
        assert_eq!(
            header,
            "attachment; filename=\"M_use _& co__ 100_.pdf\"; \
             filename*=UTF-8''M%C3%A4use%20%22&%20co%22%3B%20100%25.pdf"
        );
    }
}
