//! `provision keys`: the keys that sign access tokens.

use chrono::{DateTime, Utc};
use clap::Subcommand;
use platform_schema::{PlatformChange, PlatformConn, SigningKey};
use serde::Serialize;
use serde_json::json;

use super::ExitStatus;
use super::printer::{Printer, Row};
use crate::identity::signing_key::{self, NOTICE, SigningKeyError};
use crate::platform::Platform;
use crate::provisioner::requester::Requester;

/// Subcommands of `provision keys`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the keys that are not retired.
    List,
    /// Make a new key, which signs after two minutes, and retire those before the one that signs now. Nobody is logged out.
    Rotate {
        /// Retire all other keys now: their tokens are refused, and clients refresh them.
        #[arg(long)]
        at_once: bool,
    },
}

/// A key as the command line shows it. Nothing of its private half is shown.
#[derive(Debug, Serialize)]
struct KeyView {
    id: String,
    created_at: DateTime<Utc>,
    /// From when it signs, unless a newer one does.
    signs_from: DateTime<Utc>,
}

impl Row for KeyView {
    const COLUMNS: &'static [&'static str] = &["id", "created", "signs from"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.created_at.to_rfc3339(),
            self.signs_from.to_rfc3339(),
        ]
    }
}

impl From<SigningKey> for KeyView {
    fn from(key: SigningKey) -> Self {
        Self {
            id: key.id,
            created_at: key.created_at,
            signs_from: key.created_at + NOTICE,
        }
    }
}

impl KeysCommand {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// A failure of the database, or of the operating system's random numbers.
    pub async fn run(&self, platform: &Platform, printer: &Printer) -> anyhow::Result<ExitStatus> {
        let mut conn = platform.pools.platform().await?;
        if let Self::Rotate { at_once } = self {
            rotate(*at_once, &mut conn).await?;
        }
        let keys = SigningKey::verifying(&conn).await?;
        conn.finish().await?;
        printer.list(&keys.into_iter().map(KeyView::from).collect::<Vec<_>>())?;
        Ok(ExitStatus::Done)
    }
}

/// Rotates the keys, and records it.
async fn rotate(at_once: bool, conn: &mut PlatformConn) -> Result<(), SigningKeyError> {
    let work = async |conn: &mut PlatformConn| {
        let rotation = signing_key::rotate(at_once, conn).await?;
        let change = PlatformChange::of("signing_key", &rotation.created.id);
        Ok(((), change.after(json!({ "retired": rotation.retired }))))
    };
    let requester = Requester::command_line();
    requester.mutate("keys.rotate", conn, work).await
}
