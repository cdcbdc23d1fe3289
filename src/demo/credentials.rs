//! The generated passwords of the demo, in a file that a shell can read.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

use crate::identity::generated_password::generate_password;

/// Passwords by name, and the file that keeps them.
#[derive(Debug)]
pub(super) struct Credentials {
    file: PathBuf,
    are_new: bool,
    entries: Vec<(&'static str, SecretString)>,
}

impl Credentials {
    /// The credentials that are kept in a folder.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self {
            file: folder.join("demo.env"),
            are_new: true,
            entries: Vec::new(),
        }
    }

    /// Takes the passwords of those names from the file, or generates all of them.
    ///
    /// # Errors
    /// No random numbers.
    pub(super) fn read_or_generate<const COUNT: usize>(
        &mut self,
        names: [&'static str; COUNT],
    ) -> anyhow::Result<[SecretString; COUNT]> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let kept = |name: &str| {
            text.lines().find_map(|line| {
                line.strip_prefix(name)?
                    .strip_prefix('=')
                    .map(SecretString::from)
            })
        };
        self.are_new = names.iter().any(|name| kept(name).is_none());
        let mut passwords = Vec::with_capacity(COUNT);
        for name in names {
            let password = if self.are_new {
                generate_password()?
            } else {
                kept(name).unwrap_or_default()
            };
            self.entries.push((name, password.clone()));
            passwords.push(password);
        }
        passwords
            .try_into()
            .map_err(|_: Vec<_>| anyhow::anyhow!("a password is missing"))
    }

    /// Whether the passwords were generated in this start.
    pub(super) fn are_new(&self) -> bool {
        self.are_new
    }

    /// Passwords with their names.
    pub(super) fn entries(&self) -> &[(&'static str, SecretString)] {
        &self.entries
    }

    /// The file.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// What to say when the demo is there and its passwords are not.
    pub(super) fn lost(&self) -> String {
        format!(
            "the demo exists, but its passwords in `{}` are gone (hint: put the file back, or delete the data directory to begin anew)",
            self.file.display()
        )
    }

    /// Keeps the passwords, readable by the owner of the file alone.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        let context = || format!("Failed to write `{}`", self.file.display());
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).with_context(context)?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.file)
            .with_context(context)?;
        for (name, password) in &self.entries {
            writeln!(file, "{name}={}", password.expose_secret()).with_context(context)?;
        }
        Ok(())
    }
}
