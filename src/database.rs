//! Where PostgreSQL comes from: a URL with TLS, or the embedded server; and how connections to it are opened.

pub mod connector;
pub mod embedded;
pub mod migrations;
pub mod tls;

use secrecy::{ExposeSecret, SecretString};

pub use connector::Connector;
use embedded::{EmbeddedError, EmbeddedServer, EmbeddedSettings};

use crate::config::DatabaseConfig;

/// Oldest major version of PostgreSQL that is supported: the first with `UNIQUE NULLS NOT DISTINCT`.
pub const OLDEST_VERSION: u32 = 15;

/// The database of this process: how to connect, and the embedded server if it is ours.
#[derive(Debug)]
pub struct Database {
    connector: Connector,
    embedded: Option<EmbeddedServer>,
}

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// `DATABASE_URL` is not a PostgreSQL URL.
    #[error(
        "`DATABASE_URL` cannot be used: {reason} (hint: it looks like `postgres://user:password@host:5432/name`)"
    )]
    Url {
        /// What is wrong, without the URL.
        reason: String,
    },
    /// The server does not answer, or refuses the login.
    #[error(
        "cannot connect to the database at {address}: {reason} (hint: check `DATABASE_URL`, and that the server runs and lets this user in)"
    )]
    Unreachable {
        /// Host and port.
        address: String,
        /// What the driver or the server says.
        reason: String,
    },
    /// The server is too old.
    #[error(
        "the database at {address} is PostgreSQL {version}; {OLDEST_VERSION} or newer is needed (hint: upgrade the server, or unset `DATABASE_URL` to use the embedded one)"
    )]
    TooOld {
        /// Host and port.
        address: String,
        /// The server's version.
        version: String,
    },
    /// The trusted certificates cannot be read.
    #[error("TLS to the database cannot be set up: {reason}")]
    Tls {
        /// What is wrong.
        reason: String,
    },
    /// The embedded server does not start.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The platform schema cannot be brought up to date.
    #[error(
        "the platform schema cannot be migrated: {reason} (hint: the login role must be able to create schemas in this database)"
    )]
    Migration {
        /// What the database says.
        reason: String,
    },
}

impl Database {
    /// Opens the database that the configuration names: `DATABASE_URL`, or the embedded server. Checks its version.
    ///
    /// # Errors
    /// Any [`DatabaseError`] but `Migration`.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, DatabaseError> {
        let (url, embedded) = if let Some(url) = &config.database_url {
            (url.clone(), None)
        } else {
            let server = start_embedded(config).await?;
            (SecretString::from(server.url()), Some(server))
        };
        let connector = Connector::new(url.expose_secret(), config.statement_timeout)?;
        connector.check_version().await?;
        Ok(Self {
            connector,
            embedded,
        })
    }

    /// How connections to this database are opened.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// The embedded server, when there is one.
    pub fn embedded(&self) -> Option<&EmbeddedServer> {
        self.embedded.as_ref()
    }
}

async fn start_embedded(config: &DatabaseConfig) -> Result<EmbeddedServer, DatabaseError> {
    let settings = EmbeddedSettings {
        binaries: config.pg_bin.clone(),
        server_user: config.embedded_pg_user.clone(),
        ..EmbeddedSettings::at(config.data_dir.join("postgres"))
    };
    match tokio::task::spawn_blocking(move || EmbeddedServer::start(&settings)).await {
        Ok(started) => Ok(started?),
        Err(error) => Err(DatabaseError::Unreachable {
            address: "the embedded server".to_owned(),
            reason: error.to_string(),
        }),
    }
}
