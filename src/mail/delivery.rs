//! Where a written mail goes: to a mail server, or into a file.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use lettre::transport::smtp::response::Category;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;
use tokio::task::{JoinError, spawn_blocking};

use crate::config::Config;

/// How long a mail server may take for each of its answers.
const SMTP_TIMEOUT: Duration = Duration::from_secs(20);

/// The folder below the data directory.
const FOLDER: &str = "mail";

/// Where mail goes.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// To a mail server.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// Into files of this folder, which the first of them makes.
    Folder(PathBuf),
}

/// Why a mail was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The mail server refused it or was not there.
    #[error(transparent)]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// The file was not written.
    #[error("the file was not written: {0}")]
    File(#[from] io::Error),
    /// The thread that wrote was stopped.
    #[error("the file was not written")]
    Interrupted(#[from] JoinError),
}

impl DeliveryError {
    /// Whether another attempt would end the same way: the server answered 5yz (RFC 5321 §4.2.1), and not about who we are
    /// (x3z), which an operator mends.
    pub fn is_final(&self) -> bool {
        let Self::Smtp(error) = self else {
            return false;
        };
        let is_about_us = error
            .status()
            .is_some_and(|code| code.category == Category::Unspecified3);
        error.is_permanent() && !is_about_us
    }

    /// What the log may say. A server's answer may repeat the address.
    pub fn summary(&self) -> String {
        match self {
            Self::Smtp(error) => error.status().map_or_else(
                || "the mail server was not reached".to_owned(),
                |code| format!("the mail server answered {code}"),
            ),
            other => other.to_string(),
        }
    }
}

impl Delivery {
    /// As the configuration says. Nothing is connected to or written yet.
    ///
    /// # Errors
    /// `SMTP_URL` that is no such URL; what it holds is not repeated.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let Some(url) = &config.mail.smtp_url else {
            return Ok(Self::Folder(config.database.data_dir.join(FOLDER)));
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret());
        let transport = transport.or(Err(anyhow!(
            "`SMTP_URL` is no URL of a mail server (hint: use `smtps://user:password@host`, or `smtp://host:587?tls=required`)"
        )))?;
        Ok(Self::Smtp(transport.timeout(Some(SMTP_TIMEOUT)).build()))
    }

    /// Delivers a mail. `name` is what a file is called. Gives the file, if one was written.
    ///
    /// # Errors
    /// Whatever kept it from being delivered.
    pub async fn deliver(
        &self,
        mail: Message,
        name: &str,
    ) -> Result<Option<PathBuf>, DeliveryError> {
        match self {
            Self::Smtp(transport) => {
                transport.send(mail).await?;
                Ok(None)
            }
            Self::Folder(folder) => {
                let (folder, name) = (folder.clone(), format!("{name}.eml"));
                let text = mail.formatted();
                let written = spawn_blocking(move || write(&folder, &name, &text)).await?;
                Ok(Some(written?))
            }
        }
    }
}

/// Writes a file that only its owner reads, for its links are as good as passwords. It has its name when it is whole.
fn write(folder: &Path, name: &str, text: &[u8]) -> io::Result<PathBuf> {
    use std::io::Write as _;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

    let mut directory = std::fs::DirBuilder::new();
    directory.recursive(true).mode(0o700).create(folder)?;
    let (path, unfinished) = (folder.join(name), folder.join(format!("{name}.part")));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(&unfinished)?.write_all(text)?;
    std::fs::rename(&unfinished, &path)?;
    Ok(path)
}
