//! A database connection whose type says what it reaches: the platform, or one tenant.
//!
//! The two schema crates may not know each other, and both run their queries on such a connection; hence a crate.

mod announcement;
mod in_flight;
mod marked_query;
mod outbox;
pub mod outcome;
mod pooled_transaction;
mod raw_sql;
pub mod refusal;
mod repetition;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::QueryResult;
use diesel::connection::CacheSize;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, AsyncPgConnection,
    SimpleAsyncConnection, TransactionManager,
};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use outcome::{Count, Load, Rows};

pub use self::announcement::{Announcement, CHANNEL};
pub use in_flight::InFlight;
use marked_query::MarkedQuery;
pub use outbox::{LinkSeed, MailKind, NewMail};
pub use pooled_transaction::Settled;
use repetition::{Repetition, UncachedQuery, Whole, whole_count, whole_rows};

/// What a connection reaches: [`Platform`] or [`Tenant`].
pub trait Reach: Send + Sync + 'static {
    /// Name in messages.
    const NAME: &'static str;
}

/// The login role with an empty `search_path`: `shared` by qualified names, and no tenant by accident.
#[derive(Debug)]
pub struct Platform;

/// One tenant's role and schema, and nothing else.
#[derive(Debug)]
pub struct Tenant;

impl Reach for Platform {
    const NAME: &'static str = "PlatformConn";
}

impl Reach for Tenant {
    const NAME: &'static str = "TenantConn";
}

/// A connection to the platform.
pub type PlatformConn = Conn<Platform>;

/// A connection bound to one tenant.
pub type TenantConn = Conn<Tenant>;

/// A connection of a known reach. Single statements take `&Conn`, transactions `&mut Conn`.
pub struct Conn<R> {
    connection: AsyncPgConnection,
    /// Whether SQL was run that the query builder did not write.
    ran_text: AtomicBool,
    /// Whether a change was announced on it.
    announced: AtomicBool,
    /// Whether rows were added to an audit log on it.
    recorded: AtomicBool,
    /// Whether the server refused a statement since it is stale.
    is_stale: AtomicBool,
    /// Counts its statements, where stale ones are run again.
    in_flight: Option<InFlight>,
    /// What its statements are marked with, where they are one tenant's own.
    mark: Option<Arc<str>>,
    /// How many transactions it is in, one inside the other.
    depth: u32,
    reach: PhantomData<R>,
}

impl<R: Reach> Conn<R> {
    /// Declares that `connection` has this reach. For those who bind connections: the tenancy room and the provisioner.
    pub fn assume(connection: AsyncPgConnection) -> Self {
        Self {
            connection,
            ran_text: AtomicBool::new(false),
            announced: AtomicBool::new(false),
            recorded: AtomicBool::new(false),
            is_stale: AtomicBool::new(false),
            in_flight: None,
            mark: None,
            depth: 0,
            reach: PhantomData,
        }
    }

    /// Runs stale statements again. `in_flight` is the connection's instrumentation already.
    #[must_use]
    pub fn repeating(self, in_flight: InFlight) -> Self {
        Self {
            in_flight: Some(in_flight),
            ..self
        }
    }

    /// Keeps prepared statements under a mark, a comment in SQL: they are apart from those without it.
    #[must_use]
    pub fn marking(self, mark: Option<Arc<str>>) -> Self {
        Self { mark, ..self }
    }

    /// Gives the connection up, to be bound anew or closed.
    pub fn into_inner(self) -> AsyncPgConnection {
        self.connection
    }

    /// Whether the connection may be lent again: neither closed, nor broken, nor inside a transaction that somebody left.
    pub fn is_clean(&mut self) -> bool {
        !AnsiTransactionManager::is_broken_transaction_manager(&mut self.connection)
            && self.is_open()
    }

    /// Whether the server still holds the connection, as far as is known without asking it.
    pub fn is_open(&mut self) -> bool {
        is_open(&mut self.connection)
    }

    /// Whether SQL was run on it that the query builder did not write, in whole or in part.
    ///
    /// Such SQL may have changed the session, its role above all (`SELECT set_config('role', …, false)`), and the server
    /// does not say so: PostgreSQL 15 reports changes of neither role nor path. So nobody else may be lent the connection.
    pub fn has_run_raw_sql(&self) -> bool {
        self.ran_text.load(Ordering::Relaxed)
    }

    /// Lets go of the prepared statements if one of them was stale: others are as well, until they are prepared anew.
    pub fn forget_stale(&mut self) {
        if *self.is_stale.get_mut() {
            self.forget_statements();
        }
    }

    /// Lets go of the prepared statements, where stale ones are run again. Elsewhere none are kept, as behind a pooler, and
    /// none may be from now on.
    pub fn forget_statements(&mut self) {
        if self.in_flight.is_some() {
            for size in [CacheSize::Disabled, CacheSize::Unbounded] {
                self.connection.set_prepared_statement_cache_size(size);
            }
        }
        *self.is_stale.get_mut() = false;
    }

    /// The same statement, for when it turns out to be stale; not in a transaction, which has failed then.
    fn again<'a, Answer: Send + 'a>(
        &'a self,
        whole: Whole<Answer>,
        make: impl FnOnce() -> BoxFuture<'a, QueryResult<Answer>>,
    ) -> Option<Repetition<'a, Answer>> {
        let in_flight = self.in_flight.as_ref().filter(|_| self.depth == 0)?;
        Some(Repetition::of(&self.connection, in_flight, whole, make))
    }

    fn note_raw_sql(&self, is_raw: bool) {
        if is_raw {
            self.ran_text.store(true, Ordering::Relaxed);
        }
    }

    /// Runs SQL without parameters, of one statement or several, in one message.
    ///
    /// # Errors
    /// What the database says of the first statement that fails.
    pub async fn batch(&self, sql: &str) -> QueryResult<()> {
        let mut conn = self;
        conn.batch_execute(sql).await
    }

    /// Begins a transaction that outlives a change of reach. An error in between drops the connection, and with it the
    /// transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin(&mut self) -> QueryResult<()> {
        let done = AnsiTransactionManager::begin_transaction(&mut self.connection).await;
        self.depth += u32::from(done.is_ok());
        self.diagnosed(done).await
    }

    /// Commits what [`Self::begin`] began.
    ///
    /// # Errors
    /// What the database says.
    pub async fn commit(&mut self) -> QueryResult<()> {
        self.depth = self.depth.saturating_sub(1);
        let done = AnsiTransactionManager::commit_transaction(&mut self.connection).await;
        self.diagnosed(done).await
    }

    /// Gives up what [`Self::begin`] began.
    ///
    /// # Errors
    /// What the database says; the connection is not clean then.
    pub async fn rollback(&mut self) -> QueryResult<()> {
        self.depth = self.depth.saturating_sub(1);
        let done = AnsiTransactionManager::rollback_transaction(&mut self.connection).await;
        self.diagnosed(done).await
    }

    /// The outcome with an error that says whether the connection has ended.
    async fn diagnosed(&self, done: QueryResult<()>) -> QueryResult<()> {
        match done {
            Ok(()) => Ok(()),
            Err(error) => Err(outcome::diagnose(error, &self.connection).await),
        }
    }

    /// Runs `work` in a transaction: committed when it succeeds, rolled back when it fails. Work that met a stale statement
    /// is done once more, from its beginning.
    ///
    /// # Errors
    /// The error of `work`, or what the database says of `BEGIN` or `COMMIT`.
    pub async fn transaction<T, E>(
        &mut self,
        mut work: impl AsyncFnMut(&mut Self) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<diesel::result::Error>,
    {
        self.forget_stale();
        let done = self.attempt(&mut work).await;
        if done.is_ok() || !*self.is_stale.get_mut() {
            return done;
        }
        self.forget_stale();
        self.attempt(&mut work).await
    }

    async fn attempt<T, E>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<diesel::result::Error>,
    {
        self.begin().await?;
        match work(self).await {
            Ok(value) => {
                self.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // The error of the work is the news. A failed rollback marks the connection broken, so that it is closed.
                let _ = self.rollback().await;
                Err(error)
            }
        }
    }
}

/// Whether the server still holds the connection, as far as is known without asking it.
///
/// The task that reads from the server also passes on notifications; their channel ends when the connection does.
pub fn is_open(connection: &mut AsyncPgConnection) -> bool {
    let mut notifications = std::pin::pin!(connection.notifications_stream());
    loop {
        match notifications.next().now_or_never() {
            None => return true,
            Some(Some(Ok(_))) => {}
            Some(Some(Err(_)) | None) => return false,
        }
    }
}

impl<R> fmt::Debug for Conn<R>
where
    R: Reach,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(R::NAME)
    }
}

impl<R: Reach> SimpleAsyncConnection for &Conn<R> {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.note_raw_sql(true);
        let done = (&self.connection).batch_execute(query).await;
        self.diagnosed(done).await
    }
}

/// Queries run as on diesel-async's own shared reference, so a model method reads `.load(&mut conn)` with a
/// `mut conn: &TenantConn`.
impl<'a, R: Reach> AsyncConnectionCore for &'a Conn<R> {
    type ExecuteFuture<'conn, 'query> = Count<'a>;
    type LoadFuture<'conn, 'query> = Load<'a>;
    type Stream<'conn, 'query> = Rows<'a>;
    type Row<'conn, 'query> = <&'a AsyncPgConnection as AsyncConnectionCore>::Row<'conn, 'query>;
    type Backend = diesel::pg::Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let query = source.as_query();
        self.note_raw_sql(raw_sql::is_in(&query));
        let mut connection: &'a AsyncPgConnection = &self.connection;
        let rows = match &self.mark {
            Some(mark) => {
                let query = &query;
                AsyncConnectionCore::load(&mut connection, MarkedQuery { query, mark })
            }
            None => AsyncConnectionCore::load(&mut connection, &query),
        };
        let again = self.again(whole_rows, || {
            AsyncConnectionCore::load(&mut connection, UncachedQuery(&query))
        });
        Load::of(rows, again, self)
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        self.note_raw_sql(raw_sql::is_in(&source));
        let mut connection: &'a AsyncPgConnection = &self.connection;
        let count = match &self.mark {
            Some(mark) => {
                let marked = MarkedQuery {
                    query: &source,
                    mark,
                };
                AsyncConnectionCore::execute_returning_count(&mut connection, marked)
            }
            None => AsyncConnectionCore::execute_returning_count(&mut connection, &source),
        };
        let again = self.again(whole_count, || {
            AsyncConnectionCore::execute_returning_count(&mut connection, UncachedQuery(&source))
        });
        Count::of(count, again, self)
    }
}
