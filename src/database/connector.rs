//! Opening one connection: the parsed URL, TLS, and the session's first settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::connection::CacheSize;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use platform_schema::{LoginRole, LoginRoleNumber, TenantId};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{DATABASE_URL, DatabaseError, OLDEST_VERSION, Pooling, tls};

diesel::define_sql_function! {
    /// A run-time setting as PostgreSQL shows it.
    fn current_setting(name: Text) -> Text;
}

/// How long one attempt to connect may take when the URL does not say, from the first packet to a session that is set up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may be silent before the kernel asks the server's whether it is still there, how long it waits
/// between two questions, and how many go unanswered before it gives up: 30 seconds in all (tcp(7), `TCP_KEEPIDLE`).
/// PostgreSQL's own default is two hours.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// How long what was sent may go without an acknowledgement of the server's kernel (RFC 5482; tcp(7), `TCP_USER_TIMEOUT`).
/// While something is under way, no keep-alive is sent.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Opens connections to one database. Cheap to clone.
#[derive(Clone)]
pub struct Connector {
    /// The variable that the URL came from, for messages.
    variable: &'static str,
    pooling: Pooling,
    config: Arc<tokio_postgres::Config>,
    /// The login roles that the tenants are dealt to, by number from 1.
    login_roles: Arc<[LoginRole]>,
    tls: MakeRustlsConnect,
    /// What a new session is told first: no path, how long a statement may take, and to compile no plan. Requests are
    /// short, and the catalog's queries look dearer than they are: compiling one takes seconds, running it milliseconds.
    greeting: Arc<str>,
    statement_timeout: u32,
}

impl Connector {
    /// Takes a `postgres://` URL or a `key=value` string, and the seconds that a statement may take.
    ///
    /// # Errors
    /// `Url` when the string cannot be parsed, `Tls` when TLS is asked for and cannot be set up.
    pub fn new(url: &str, statement_timeout: u32) -> Result<Self, DatabaseError> {
        Self::of_variable(DATABASE_URL, url, statement_timeout)
    }

    /// As [`Self::new`], for the URL of another variable than `DATABASE_URL`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_variable(
        variable: &'static str,
        url: &str,
        statement_timeout: u32,
    ) -> Result<Self, DatabaseError> {
        let mut config: tokio_postgres::Config =
            tls::strict_ssl_mode(url)
                .parse()
                .map_err(|error: tokio_postgres::Error| DatabaseError::Url {
                    variable,
                    reason: error.to_string(),
                })?;
        if config.get_hosts().is_empty() {
            return Err(DatabaseError::Url {
                variable,
                reason: "it names no host".to_owned(),
            });
        }
        set_patience(&mut config);
        let may_use_tls = config.get_ssl_mode() != SslMode::Disable
            && config
                .get_hosts()
                .iter()
                .any(|host| matches!(host, Host::Tcp(_)));
        let tls = tls::connector(may_use_tls)?;
        let greeting = format!(
            "SET search_path = ''; SET statement_timeout = '{statement_timeout}s'; SET jit = off"
        );
        Ok(Self {
            variable,
            pooling: Pooling::Session,
            config: Arc::new(config),
            login_roles: Arc::new([]),
            tls,
            greeting: greeting.into(),
            statement_timeout,
        })
    }

    /// The same connections, opened behind a pooler of this kind.
    #[must_use]
    pub fn behind(self, pooling: Pooling) -> Self {
        Self { pooling, ..self }
    }

    /// Whether a connection keeps its session.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// How long a statement may take.
    pub fn statement_timeout(&self) -> Duration {
        Duration::from_secs(self.statement_timeout.into())
    }

    /// The same connector, which knows the login roles that the tenants are dealt to: all of them, by number.
    #[must_use]
    pub fn with_login_roles(self, roles: &[LoginRole]) -> Self {
        Self {
            login_roles: roles.into(),
            ..self
        }
    }

    /// The same connector, which knows the login roles that `other` knows.
    #[must_use]
    pub fn with_login_roles_of(self, other: &Self) -> Self {
        Self {
            login_roles: Arc::clone(&other.login_roles),
            ..self
        }
    }

    /// Under which login role the connections of a tenant are opened.
    pub fn login_role_of(&self, tenant: &TenantId) -> LoginRoleNumber {
        LoginRoleNumber::of(tenant, self.login_role_count())
    }

    /// How many login roles the tenants are dealt to; 0 where all are reached under that of the platform.
    pub fn login_role_count(&self) -> u16 {
        u16::try_from(self.login_roles.len()).unwrap_or(u16::MAX)
    }

    /// A connector that opens its connections under a login role. One that it does not know gives that of the platform.
    #[must_use]
    pub fn for_login_role(&self, login_role: LoginRoleNumber) -> Self {
        let Some(role) = self.known_login_role(login_role) else {
            return self.clone();
        };
        let mut config = tokio_postgres::Config::clone(&self.config);
        config.user(&role.name).password(&role.password);
        Self {
            config: Arc::new(config),
            ..self.clone()
        }
    }

    /// Name of a login role; none for that of the platform.
    pub fn login_role_name(&self, login_role: LoginRoleNumber) -> Option<&str> {
        self.known_login_role(login_role)
            .map(|role| role.name.as_str())
    }

    /// Makes sure that the login roles are let in, by the last of them, and are not another one by the time that they are:
    /// a pooler may log in as somebody of its own.
    ///
    /// # Errors
    /// `Unreachable`.
    pub async fn check_login_roles(&self) -> Result<(), DatabaseError> {
        let last = LoginRoleNumber::last_of(self.login_role_count());
        let Some(name) = self.login_role_name(last) else {
            return Ok(());
        };
        let (client, _) = self.for_login_role(last).client().await?;
        let messages = client.simple_query("SELECT session_user").await;
        let messages = messages.map_err(|error| self.unreachable(&error))?;
        let is_kept = messages.iter().any(
            |message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some(name)),
        );
        if is_kept {
            return Ok(());
        }
        Err(DatabaseError::Unreachable {
            variable: self.variable,
            address: self.address(),
            reason: format!(
                "the login role `{name}` arrives as another one, so `LOGIN_ROLES` keeps no tenants apart"
            ),
        })
    }

    fn known_login_role(&self, login_role: LoginRoleNumber) -> Option<&LoginRole> {
        let place = usize::from(login_role.number()).checked_sub(1)?;
        self.login_roles.get(place)
    }

    /// Opens a connection under the login role, with an empty `search_path`.
    ///
    /// Behind a pooler in transaction mode nothing is set, since another client would get the session with it: the
    /// connection takes what it needs at the begin of each transaction.
    ///
    /// # Errors
    /// `Unreachable` with what the driver or the server says.
    pub async fn connect(&self) -> Result<PlatformConn, DatabaseError> {
        // Opening is rare and its state large: every lease would carry it.
        self.in_time(Box::pin(self.open())).await
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a new connection is under the login role, and the greeting empties its path"
    )]
    async fn open(&self) -> Result<PlatformConn, DatabaseError> {
        let connected = self.config.connect(self.tls.clone()).await;
        let (client, mut driver) = connected.map_err(|error| self.unreachable(&error))?;
        let greeting = match self.pooling {
            Pooling::Session => &*self.greeting,
            Pooling::Transaction => {
                // Diesel's first statements are prepared, and prepared in one session they may be run in another. It also
                // sets the time zone and the encoding. In a transaction that is rolled back neither does harm.
                tokio::select! {
                    begun = client.batch_execute("BEGIN") => begun,
                    ended = &mut driver => ended,
                }
                .map_err(|error| self.unreachable(&error))?;
                "ROLLBACK"
            }
        };
        let connection = AsyncPgConnection::try_from_client_and_connection(client, driver).await;
        let mut connection = connection.map_err(|error| self.unreachable(&error))?;
        if self.pooling == Pooling::Transaction {
            connection.set_prepared_statement_cache_size(CacheSize::Disabled);
        }
        let connection = PlatformConn::assume(connection);
        connection
            .batch(greeting)
            .await
            .map_err(|error| self.unreachable(&error))?;
        Ok(connection)
    }

    /// Gives up on a server that takes the connection and then says nothing: the driver's own limit ends with TCP's part.
    async fn in_time<Session>(
        &self,
        opening: impl Future<Output = Result<Session, DatabaseError>>,
    ) -> Result<Session, DatabaseError> {
        let limit = self.config.get_connect_timeout().copied();
        let hosts = u32::try_from(self.config.get_hosts().len()).unwrap_or(u32::MAX);
        let limit = limit.unwrap_or(CONNECT_TIMEOUT).saturating_mul(hosts);
        match timeout(limit, opening).await {
            Ok(opened) => opened,
            Err(elapsed) => Err(self.unreachable(&elapsed)),
        }
    }

    /// Opens a connection below Diesel, with the server's own settings, and the task that drives it.
    ///
    /// For the engine that applies plans: Diesel's errors leave out the SQLSTATE, by which a lock that was not to be had
    /// is known in every language.
    ///
    /// # Errors
    /// `Unreachable` with what the driver or the server says.
    pub async fn client(&self) -> Result<(Client, JoinHandle<()>), DatabaseError> {
        let connecting = async {
            let connected = self.config.connect(self.tls.clone()).await;
            connected.map_err(|error| self.unreachable(&error))
        };
        let (client, driver) = self.in_time(Box::pin(connecting)).await?;
        let driving = async move {
            // Whoever waits for an answer gets the error; with nobody waiting it is no news.
            let _ = driver.await;
        };
        Ok((client, tokio::task::spawn(driving)))
    }

    /// Ends the statement that is under way on a connection which is about to be closed, without waiting for it.
    ///
    /// PostgreSQL does not look whether anybody still listens while a statement runs; left alone, it keeps its place among
    /// the server's connections, which nobody counts any more.
    pub fn cancel(&self, connection: &AsyncPgConnection) {
        let (token, tls) = (connection.cancel_token(), self.tls.clone());
        let cancelling = async move { token.cancel_query(tls).await };
        if let Ok(runtime) = Handle::try_current() {
            // Whether it arrived cannot be known. Without it, the statement has its time limit.
            runtime.spawn(timeout(CONNECT_TIMEOUT, cancelling));
        }
    }

    /// Refuses a server that is too old.
    ///
    /// # Errors
    /// `TooOld`, or `Unreachable`.
    pub async fn check_version(&self) -> Result<(), DatabaseError> {
        let connection = self.connect().await?;
        let version = server_version(&connection)
            .await
            .map_err(|error| self.unreachable(&error))?;
        let major: Option<u32> = version
            .split(|character: char| !character.is_ascii_digit())
            .next()
            .and_then(|digits| digits.parse().ok());
        match major {
            Some(major) if major < OLDEST_VERSION => Err(DatabaseError::TooOld {
                address: self.address(),
                version,
            }),
            _ => Ok(()),
        }
    }

    /// What there is to say of a server that was asked and did not answer for so long.
    pub fn silent(&self, waited: Duration) -> DatabaseError {
        DatabaseError::Unreachable {
            variable: self.variable,
            address: self.address(),
            reason: format!("no answer within {} ms", waited.as_millis()),
        }
    }

    /// Host and port of the database, without user and password.
    pub fn address(&self) -> String {
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => format!("`{host}:{port}`"),
            Some(Host::Unix(path)) => format!("`{}`", path.display()),
            None => "no host".to_owned(),
        }
    }

    /// Name of the database.
    pub fn database_name(&self) -> &str {
        self.config
            .get_dbname()
            .or(self.config.get_user())
            .unwrap_or("postgres")
    }

    /// What there is to say of a server after this error.
    pub(crate) fn unreachable(&self, error: &dyn std::error::Error) -> DatabaseError {
        let reason = error
            .source()
            .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        DatabaseError::Unreachable {
            variable: self.variable,
            address: self.address(),
            reason,
        }
    }
}

/// Sets how long a server that does not answer is waited for, where the URL does not say.
fn set_patience(config: &mut tokio_postgres::Config) {
    let default = tokio_postgres::Config::new();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_keepalives_idle() == default.get_keepalives_idle() {
        config.keepalives_idle(KEEPALIVE_IDLE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVE_INTERVAL);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(KEEPALIVE_RETRIES);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED);
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Connector to {}", self.address())
    }
}

/// The server's version: `15.18 (Debian 15.18-0+deb12u1)`.
///
/// # Errors
/// What the database says.
pub async fn server_version(mut conn: &PlatformConn) -> QueryResult<String> {
    diesel::select(current_setting("server_version"))
        .get_result(&mut conn)
        .await
}
