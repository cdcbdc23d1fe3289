//! The generated passwords of the demo, in a file that a shell can read.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

use crate::identity::generated_password::generate_password;

const ADMIN: &str = "ADMIN_PASSWORD";
const ACME: &str = "ACME_PASSWORD";
const GLOBEX: &str = "GLOBEX_PASSWORD";

/// The passwords of the demo, and the file that keeps them.
#[derive(Debug)]
pub(super) struct Credentials {
    /// Of the system admin.
    pub(super) admin: SecretString,
    /// Of alice at acme.
    pub(super) acme: SecretString,
    /// Of alice at globex.
    pub(super) globex: SecretString,
    file: PathBuf,
    are_new: bool,
}

impl Credentials {
    /// The passwords that `folder` keeps, or new ones.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub(super) fn read_or_generate(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join("demo.env");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let kept = |name: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| {
                line.strip_prefix(name)?
                    .strip_prefix('=')
                    .map(SecretString::from)
            })
        };
        let (are_new, [admin, acme, globex]) = match (kept(ADMIN), kept(ACME), kept(GLOBEX)) {
            (Some(admin), Some(acme), Some(globex)) => (false, [admin, acme, globex]),
            _ => (
                true,
                [
                    generate_password()?,
                    generate_password()?,
                    generate_password()?,
                ],
            ),
        };
        Ok(Self {
            admin,
            acme,
            globex,
            file,
            are_new,
        })
    }

    /// Whether the passwords were generated in this start.
    pub(super) fn are_new(&self) -> bool {
        self.are_new
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
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(true).mode(0o600);
        let mut file = options.open(&self.file).with_context(context)?;
        for (name, password) in [
            (ADMIN, &self.admin),
            (ACME, &self.acme),
            (GLOBEX, &self.globex),
        ] {
            writeln!(file, "{name}={}", password.expose_secret()).with_context(context)?;
        }
        Ok(())
    }
}
