//! Where PostgreSQL comes from: a URL with TLS, or the embedded server; and how connections to it are opened.

pub mod connector;
pub mod embedded;
pub mod migrations;
pub mod pooler;
pub mod tls;

use secrecy::ExposeSecret;

pub use connector::Connector;
use embedded::{EmbeddedError, EmbeddedServer, EmbeddedSettings};
pub use pooler::PoolerError;

use crate::config::{DatabaseConfig, Pooler};

/// Oldest major version of PostgreSQL that is supported: the first with `UNIQUE NULLS NOT DISTINCT`.
pub const OLDEST_VERSION: u32 = 15;

/// The variable with the URL of the database.
const DATABASE_URL: &str = "DATABASE_URL";

/// The variable with the URL that passes by a pooler.
const DIRECT_DATABASE_URL: &str = "DIRECT_DATABASE_URL";

/// What a connection of this process keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Its session: what is set stays set, and is seen by nobody else.
    Session,
    /// Nothing beyond a transaction: the next one may be in another session, with what others have set there.
    Transaction,
}

/// The database of this process: how to connect, and the embedded server if it is ours.
#[derive(Debug)]
pub struct Database {
    serving: Connector,
    direct: Connector,
    embedded: Option<EmbeddedServer>,
}

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// A variable holds no PostgreSQL URL.
    #[error(
        "`{variable}` cannot be used: {reason} (hint: it looks like `postgres://user:password@host:5432/name`)"
    )]
    Url {
        /// `DATABASE_URL` or `DIRECT_DATABASE_URL`.
        variable: &'static str,
        /// What is wrong, without the URL.
        reason: String,
    },
    /// The server does not answer, or refuses the login.
    #[error(
        "cannot connect to the database at {address}: {reason} (hint: check `{variable}`, and that the server runs and lets this user in)"
    )]
    Unreachable {
        /// `DATABASE_URL` or `DIRECT_DATABASE_URL`.
        variable: &'static str,
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
    /// A pooler stands in the way.
    #[error(transparent)]
    Pooler(#[from] PoolerError),
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
    /// Opens the database that the configuration names: `DATABASE_URL`, or the embedded server. Checks its version, and
    /// what a pooler in between does.
    ///
    /// # Errors
    /// Any [`DatabaseError`] but `Migration`.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, DatabaseError> {
        let timeout = config.statement_timeout;
        let (serving, direct, embedded) = if let Some(url) = &config.database_url {
            let serving = Connector::new(url.expose_secret(), timeout)?;
            let direct = config.direct_database_url.as_ref().map(|url| {
                Connector::of_variable(DIRECT_DATABASE_URL, url.expose_secret(), timeout)
            });
            let direct = direct.transpose()?;
            // Before anything is said in a session, which a pooler would pass on to others.
            let pooling = pooler::examine(&serving, direct.as_ref(), config.pooler).await?;
            let direct = direct.unwrap_or_else(|| serving.clone());
            (serving.behind(pooling), direct, None)
        } else {
            // Nothing stands between this process and a server of its own.
            let server = start_embedded(config).await?;
            let direct = Connector::new(server.url(), timeout)?;
            let pooling = match config.pooler {
                Pooler::Auto | Pooler::None => Pooling::Session,
                Pooler::Transaction => Pooling::Transaction,
            };
            (direct.clone().behind(pooling), direct, Some(server))
        };
        direct.check_version().await?;
        Ok(Self {
            serving,
            direct,
            embedded,
        })
    }

    /// How connections are opened that keep their session: for migrations, provisioning, locks and notifications. Passes
    /// by a pooler.
    pub fn connector(&self) -> &Connector {
        &self.direct
    }

    /// How the connections are opened that leases are made of, which may lead through a pooler.
    pub fn serving(&self) -> &Connector {
        &self.serving
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
            variable: DATABASE_URL,
            address: "the embedded server".to_owned(),
            reason: error.to_string(),
        }),
    }
}
