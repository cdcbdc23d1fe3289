//! Configuration: one struct per concern, parsed once at the start and passed down.
//!
//! A value comes from, in order of precedence, a flag, the environment, `.env`, `rowhouse.toml`, the default. The key in
//! `rowhouse.toml` is the variable's name in lower case. [`layers`] reads the two files.

mod attachments;
pub mod layers;
mod mail;

use std::fmt;
use std::net::IpAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

pub use attachments::{AttachmentConfig, StoreUrl, TypePattern};
pub use layers::parse;
pub use mail::MailConfig;

/// The pepper that development uses when none is set; production refuses it.
const DEVELOPMENT_PEPPER: &str = "development-pepper-never-used-in-production";

/// Shortest secret that production accepts, and shortest token, in bytes (RFC 8725 §3.5: as long as the hash's output).
const SHORTEST_SECRET: usize = 32;

/// Everything that can be configured.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// `development` is lenient, `production` refuses default secrets.
    #[arg(long, env = "ENVIRONMENT", global = true, help_heading = "General", value_enum, default_value_t = Environment::Development)]
    pub environment: Environment,
    /// Where PostgreSQL is.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// How connections are lent to tenants.
    #[command(flatten)]
    pub pool: PoolConfig,
    /// Where and how the server listens.
    #[command(flatten)]
    pub http: HttpConfig,
    /// Passwords and tokens.
    #[command(flatten)]
    pub identity: IdentityConfig,
    /// How often somebody may try.
    #[command(flatten)]
    pub limits: LimitConfig,
    /// How mail is sent.
    #[command(flatten)]
    pub mail: MailConfig,
    /// Where attachments are kept, and which.
    #[command(flatten)]
    pub attachments: AttachmentConfig,
    /// What is logged, and how.
    #[command(flatten)]
    pub log: LogConfig,
}

/// Where the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    /// A laptop or a test machine.
    Development,
    /// A business depends on it.
    Production,
}

/// Where PostgreSQL is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseConfig {
    /// URL of a PostgreSQL server, version 15 or newer; unset: an embedded server under the data directory.
    #[arg(long, env = "DATABASE_URL", global = true, hide_env_values = true, value_parser = secret)]
    pub database_url: Option<SecretString>,
    /// URL of the same database that passes by the connection pooler of `DATABASE_URL`, for what needs a session of its own: migrations, provisioning, locks, notifications.
    #[arg(long, env = "DIRECT_DATABASE_URL", global = true, hide_env_values = true, value_parser = secret)]
    pub direct_database_url: Option<SecretString>,
    /// What kind of pooler `DATABASE_URL` leads to; the start finds out, and stops where this would mix tenants up.
    #[arg(long, env = "POOLER", global = true, value_enum, default_value_t = Pooler::Auto)]
    pub pooler: Pooler,
    /// Folder for everything that a start leaves behind.
    #[arg(long, env = "DATA_DIR", global = true, default_value = "data")]
    pub data_dir: PathBuf,
    /// Folder of the PostgreSQL server binaries for the embedded server; unset: the usual places.
    #[arg(long, env = "PG_BIN", global = true)]
    pub pg_bin: Option<PathBuf>,
    /// The user that the embedded server runs as when this program is root.
    #[arg(long, env = "EMBEDDED_PG_USER", global = true)]
    pub embedded_pg_user: Option<String>,
    /// Seconds that a statement of a request may take.
    #[arg(long, env = "STATEMENT_TIMEOUT", global = true, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub statement_timeout: u32,
}

/// What kind of connection pooler stands between this process and the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pooler {
    /// Whatever the start finds.
    Auto,
    /// None, or one that keeps a server connection to each client connection.
    None,
    /// One that may change the server connection at every transaction.
    Transaction,
}

/// How tenants are kept apart in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Isolation {
    /// A database role per tenant and its `search_path`; the login role needs `CREATEROLE`.
    Role,
    /// The `search_path` alone.
    Path,
}

/// How connections are lent to tenants.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connections")]
pub struct PoolConfig {
    /// Connections that this process opens at most.
    #[arg(long, env = "POOL_MAX_CONNECTIONS", global = true, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub pool_max_connections: u32,
    /// Connections that one tenant holds at most.
    #[arg(long, env = "POOL_MAX_PER_TENANT", global = true, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub pool_max_per_tenant: u32,
    /// Milliseconds that a request waits for a connection before it is refused with 503.
    #[arg(long, env = "POOL_WAIT_MS", global = true, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub pool_wait_ms: u32,
    /// Seconds after which a connection is replaced, ten per cent more or less.
    #[arg(long, env = "POOL_MAX_AGE", global = true, default_value_t = 1_800, value_parser = clap::value_parser!(u32).range(1..=604_800))]
    pub pool_max_age: u32,
    /// Seconds that a connection may idle before it is closed.
    #[arg(long, env = "POOL_MAX_IDLE", global = true, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=604_800))]
    pub pool_max_idle: u32,
    /// Tenants after which a connection is replaced: its backend keeps what it learnt of each schema in memory.
    #[arg(long, env = "POOL_MAX_SCHEMAS", global = true, default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub pool_max_schemas: u32,
    /// How tenants are kept apart in the database.
    #[arg(long, env = "ISOLATION", global = true, value_enum, default_value_t = Isolation::Role)]
    pub isolation: Isolation,
    /// Database login roles of their own that the tenants are dealt to; 0: all are reached as the user of `DATABASE_URL`.
    #[arg(long, env = "LOGIN_ROLES", global = true, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1_024))]
    pub login_roles: u16,
}

impl PoolConfig {
    /// How long a request waits for a connection.
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.pool_wait_ms.into())
    }
}

/// The header in which the proxies write. Only the one that they write is read: the other comes from the client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses, separated by commas.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Where and how the server listens.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "HTTP")]
pub struct HttpConfig {
    /// Address to listen on.
    #[arg(long, env = "HOST", global = true, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, env = "PORT", global = true, default_value_t = 8080)]
    pub port: u16,
    /// Networks of the proxies in front of the server, such as `10.0.0.0/8,fd00::/8`, separated by commas: they are believed when they say whose request they pass on.
    #[arg(long, env = "TRUSTED_PROXIES", global = true, value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which the trusted proxies write it; they must overwrite or extend what a client sent of it.
    #[arg(long, env = "FORWARDED_HEADER", global = true, value_enum, default_value_t = ForwardedHeader::XForwardedFor)]
    pub forwarded_header: ForwardedHeader,
    /// Largest request body, in bytes.
    #[arg(long, env = "BODY_LIMIT", global = true, default_value_t = 1024 * 1024, value_parser = body_limit)]
    pub body_limit: usize,
    /// Seconds that a request may take before it is given up with 503; more than `STATEMENT_TIMEOUT`.
    #[arg(long, env = "REQUEST_TIMEOUT", global = true, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub request_timeout: u32,
    /// Seconds that requests under way get to finish when the server stops.
    #[arg(long, env = "SHUTDOWN_TIMEOUT", global = true, default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=600))]
    pub shutdown_timeout: u16,
}

/// Passwords and tokens.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Identity")]
pub struct IdentityConfig {
    /// The `iss` of the tokens that this platform signs.
    #[arg(long, env = "JWT_ISSUER", global = true, default_value = "rowhouse")]
    pub jwt_issuer: String,
    /// Seconds that an access token lives.
    #[arg(long, env = "JWT_ACCESS_TTL", global = true, default_value_t = 20 * 60, value_parser = clap::value_parser!(u32).range(30..=86_400))]
    pub jwt_access_ttl: u32,
    /// Seconds that a refresh token lives.
    #[arg(long, env = "JWT_REFRESH_TTL", global = true, default_value_t = 3 * 24 * 3600, value_parser = clap::value_parser!(u32).range(60..=7_776_000))]
    pub jwt_refresh_ttl: u32,
    /// Secret mixed into every password before it is hashed; losing it locks everybody out.
    #[arg(long, env = "PASSWORD_PEPPER", global = true, hide_env_values = true, value_parser = secret, default_value = DEVELOPMENT_PEPPER, hide_default_value = true)]
    pub password_pepper: SecretString,
    /// Cost of bcrypt: each step doubles the work.
    #[arg(long, env = "PASSWORD_COST", global = true, default_value_t = 12, value_parser = clap::value_parser!(u32).range(4..=20))]
    pub password_cost: u32,
    /// Passwords hashed at once; unset: half of the processors.
    #[arg(long, env = "PASSWORD_THREADS", global = true)]
    pub password_threads: Option<NonZero<u16>>,
    /// Password checks that wait for a thread before more are refused with 503.
    #[arg(long, env = "PASSWORD_QUEUE", global = true, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub password_queue: u16,
    /// Bearer token that `GET /metrics` is read with, at least 32 characters; unset: only system users read it.
    #[arg(long, env = "METRICS_TOKEN", global = true, hide_env_values = true, value_parser = long_secret)]
    pub metrics_token: Option<SecretString>,
}

/// How often somebody may try. A process counts its own requests; failed logins are counted in the database.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitConfig {
    /// Requests for credentials (login, refresh, registration, a new password) a minute from one address, or /64 of IPv6; 0: any number.
    #[arg(long, env = "RATE_PER_ADDRESS", global = true, default_value_t = 300, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub rate_per_address: u32,
    /// The same for one account, and refreshes of one session; 0: any number.
    #[arg(long, env = "RATE_PER_ACCOUNT", global = true, default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub rate_per_account: u32,
    /// Requests a minute with one API key; 0: any number.
    #[arg(long, env = "RATE_PER_API_KEY", global = true, default_value_t = 6_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub rate_per_api_key: u32,
    /// Failed logins of one account after which it waits, a second first and longer each time; 0: any number.
    #[arg(long, env = "LOGIN_FAILURES", global = true, default_value_t = 10, value_parser = clap::value_parser!(u16))]
    pub login_failures: u16,
    /// The same for one address.
    #[arg(long, env = "LOGIN_FAILURES_PER_ADDRESS", global = true, default_value_t = 100, value_parser = clap::value_parser!(u16))]
    pub login_failures_per_address: u16,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line for people.
    #[default]
    Text,
    /// One JSON object a line for machines.
    Json,
}

/// What is logged, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
pub struct LogConfig {
    /// How log lines look.
    #[arg(long, env = "LOG_FORMAT", global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// What is logged, in the syntax of `tracing`'s `EnvFilter`: `info`, `warn,rowhouse=debug`.
    #[arg(
        long,
        env = "LOG_LEVEL",
        global = true,
        default_value = "info,actix_server=warn"
    )]
    pub log_level: String,
}

/// A setting that this environment does not allow.
#[derive(Debug, thiserror::Error)]
#[error("`{variable}` {problem} (hint: {hint})")]
pub struct ConfigError {
    variable: &'static str,
    problem: &'static str,
    hint: &'static str,
}

impl Config {
    /// Checks what no single value can tell.
    ///
    /// # Errors
    /// `DIRECT_DATABASE_URL` without `DATABASE_URL`; in production, a default or short secret.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.database.direct_database_url.is_some() && self.database.database_url.is_none() {
            return Err(ConfigError {
                variable: "DIRECT_DATABASE_URL",
                problem: "is set and `DATABASE_URL` is not",
                hint: "set `DATABASE_URL` to the pooler's address, or to this one where there is no pooler",
            });
        }
        let pepper = self.identity.password_pepper.expose_secret();
        let hint =
            "set it to at least 32 random characters, for example from `openssl rand -base64 32`";
        if self.environment == Environment::Production && pepper == DEVELOPMENT_PEPPER {
            return Err(ConfigError {
                variable: "PASSWORD_PEPPER",
                problem: "is the default, which production refuses",
                hint,
            });
        }
        if self.environment == Environment::Production && pepper.len() < SHORTEST_SECRET {
            return Err(ConfigError {
                variable: "PASSWORD_PEPPER",
                problem: "is too short for production",
                hint,
            });
        }
        if self.pool.login_roles > 0 && self.pool.isolation == Isolation::Path {
            return Err(ConfigError {
                variable: "LOGIN_ROLES",
                problem: "deals out the tenants' roles, of which `--isolation path` has none",
                hint: "unset it, or use `--isolation role`",
            });
        }
        self.attachments.check()
    }
}

impl HttpConfig {
    /// How long a request may take.
    pub fn time_limit(&self) -> Duration {
        Duration::from_secs(self.request_timeout.into())
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the signature that clap asks of a value parser"
)]
fn secret(value: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(value))
}

fn network(value: &str) -> Result<IpNet, String> {
    let alone = || value.parse::<IpAddr>().map(IpNet::from);
    let network = value.parse().or_else(|_| alone());
    network.or(Err("it takes networks such as `10.0.0.0/8`".to_owned()))
}

fn long_secret(value: &str) -> Result<SecretString, &'static str> {
    if value.len() < SHORTEST_SECRET {
        return Err("it takes at least 32 characters");
    }
    Ok(SecretString::from(value))
}

fn body_limit(value: &str) -> Result<usize, String> {
    match value.parse() {
        Ok(bytes @ 1_024..=1_073_741_824) => Ok(bytes),
        _ => Err("it takes 1024 to 1073741824 bytes".to_owned()),
    }
}
