//! A mail as it arrived: its headers, its text, and the token of its link.

use std::path::Path;

/// A mail, in the form that goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    text: String,
}

impl Mail {
    pub(crate) fn parse(text: String) -> Self {
        Self { text }
    }

    /// The mails in the files of a folder, in the order in which they were added to the outbox. None where there is no
    /// folder.
    pub fn in_folder(folder: &Path) -> Vec<Self> {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
        let mut paths: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|kind| kind == "eml"))
            .collect();
        paths.sort();
        let read = paths.iter().map(std::fs::read_to_string);
        read.map(|text| Self::parse(text.expect("a mail is text")))
            .collect()
    }

    /// The mail as a whole.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The lines of the header.
    pub fn header_lines(&self) -> Vec<&str> {
        let header = self.text.split("\r\n\r\n").next().unwrap_or_default();
        header.lines().collect()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        let prefix = format!("{name}: ");
        let mut lines = self.header_lines().into_iter();
        let found = lines.find_map(|line| line.strip_prefix(&prefix));
        found.unwrap_or_else(|| panic!("no header `{name}` in {}", self.text))
    }

    /// The recipient's address.
    pub fn to(&self) -> &str {
        self.header("To")
    }

    /// The first link.
    pub fn link(&self) -> &str {
        let mut lines = self.text.lines();
        let link = lines.find(|line| line.starts_with("http"));
        link.unwrap_or_else(|| panic!("no link in {}", self.text))
    }

    /// The token of the link.
    pub fn token(&self) -> String {
        let (_, token) = self.link().split_once("#token=").expect("a token");
        token.to_owned()
    }
}
