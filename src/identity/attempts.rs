//! Attempts to get at a credential: how many a minute, and how long who fails too often has to wait.
//!
//! A route that gives or takes credentials without a token counts twice. First for the address: [`Visitor`] and
//! [`PlatformVisitor`] do, other routes take a [`Visit`](super::visit::Visit). Then for the account that it is about, whether or not there is one:
//! `visitor.attempt(&email).await?`. What uses API keys calls [`Attempts::use_api_key`]. Nothing else is to be done: the
//! middleware writes the headers, and a refusal is 429 `rate_limited` with them.
//!
//! A minute's requests are counted in this process's memory, exactly. Failed logins are counted in the database, for what
//! they are worth does not end with the process, and holds on every node; a login that fails costs a password's hashing, next
//! to which its count is cheap.
//!
//! [`Visitor`]: super::visitor::Visitor
//! [`PlatformVisitor`]: super::platform_visitor::PlatformVisitor

use aws_lc_rs::digest::{Context, SHA256};
use chrono::TimeDelta;
use connection::PlatformConn;
use diesel::QueryResult;
use platform_schema::{FailureKey, Leniency, LoginFailure, TenantId};
use uuid::Uuid;

use super::client::Client;
use crate::config::LimitConfig;
use crate::error::{ApiError, Code};
use crate::http::RequestContext;
use crate::platform::Platform;
use crate::rate::{Buckets, Rate};

/// After how long a failure is forgiven that was counted for an account.
const ACCOUNT_FORGIVEN: TimeDelta = TimeDelta::hours(1);

/// The same for an address, behind which may be a whole office.
const ADDRESS_FORGIVEN: TimeDelta = TimeDelta::seconds(30);

/// What attempts are counted for. Nothing of it is readable, and each kind and tenant has keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptKey(FailureKey);

impl AttemptKey {
    /// An account of a tenant, by what somebody calls it: a user name or an address, in any case. Whoever knows both has two
    /// counts; one count for both would tell that they belong together, and so that there is such a user.
    pub fn account(tenant: &TenantId, name: &str) -> Self {
        Self::of("account", tenant.as_str(), &name.trim().to_lowercase())
    }

    /// An account of the platform, by its address.
    pub fn system_user(email: &str) -> Self {
        Self::of("system user", "", &email.trim().to_lowercase())
    }

    /// A session, as a refresh token claims it.
    pub fn session(id: Uuid) -> Self {
        Self::of("session", "", &id.to_string())
    }

    /// An API key of a tenant, by its id or by its hash.
    pub fn api_key(tenant: &TenantId, key: &str) -> Self {
        Self::of("api key", tenant.as_str(), key)
    }

    /// The network that a client comes from.
    pub fn address(client: &Client) -> Self {
        let network = client.network().map(|network| network.to_string());
        Self::of("address", "", &network.unwrap_or_default())
    }

    fn of(kind: &str, tenant: &str, name: &str) -> Self {
        let mut hash = Context::new(&SHA256);
        for part in [kind, "\0", tenant, "\0", name] {
            hash.update(part.as_bytes());
        }
        let mut key = FailureKey::default();
        for (byte, hashed) in key.iter_mut().zip(hash.finish().as_ref()) {
            *byte = *hashed;
        }
        Self(key)
    }
}

/// Counts attempts, and refuses what is too much.
#[derive(Debug)]
pub struct Attempts {
    buckets: Buckets<AttemptKey>,
    per_address: Option<Rate>,
    per_account: Option<Rate>,
    per_api_key: Option<Rate>,
    account_leniency: Option<Leniency>,
    address_leniency: Option<Leniency>,
}

impl Attempts {
    /// Nobody has attempted anything.
    pub fn new(config: &LimitConfig) -> Self {
        let leniency = |most: u16, forgiven_after| {
            (most > 0).then_some(Leniency {
                most: most.into(),
                forgiven_after,
            })
        };
        Self {
            buckets: Buckets::new(),
            per_address: Rate::per_minute("address", config.rate_per_address),
            per_account: Rate::per_minute("account", config.rate_per_account),
            per_api_key: Rate::per_minute("api-key", config.rate_per_api_key),
            account_leniency: leniency(config.login_failures, ACCOUNT_FORGIVEN),
            address_leniency: leniency(config.login_failures_per_address, ADDRESS_FORGIVEN),
        }
    }

    /// Counts a request for credentials for the address that it comes from.
    ///
    /// # Errors
    /// `rate_limited`.
    pub async fn visit(&self, client: &Client, context: &RequestContext) -> Result<(), ApiError> {
        self.take(AttemptKey::address(client), self.per_address, context)
            .await
    }

    /// Counts a request for the account, or the session, whose credentials it is about.
    ///
    /// # Errors
    /// `rate_limited`.
    pub async fn attempt(&self, key: AttemptKey, context: &RequestContext) -> Result<(), ApiError> {
        self.take(key, self.per_account, context).await
    }

    /// Counts a request that is made with an API key.
    ///
    /// # Errors
    /// `rate_limited`.
    pub async fn use_api_key(
        &self,
        key: AttemptKey,
        context: &RequestContext,
    ) -> Result<(), ApiError> {
        self.take(key, self.per_api_key, context).await
    }

    async fn take(
        &self,
        key: AttemptKey,
        rate: Option<Rate>,
        context: &RequestContext,
    ) -> Result<(), ApiError> {
        let Some(rate) = rate else {
            return Ok(());
        };
        let taken = self.buckets.take(key, rate).await;
        context.record_rate(taken.unwrap_or_else(|exceeded| exceeded.standing()));
        Ok(taken.map(drop)?)
    }

    /// Lets a guess at a password be made, unless its account or its address has to wait.
    ///
    /// # Errors
    /// `rate_limited`, or a failure of the database.
    pub async fn admit(&self, platform: &Platform, guess: &Guess) -> Result<(), ApiError> {
        let keys: Vec<_> = self.counted(guess).map(|(key, _)| key).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let lease = platform.pools.platform().await?;
        let wait = LoginFailure::wait(&keys, &lease).await?;
        lease.finish().await?;
        wait.map_or(Ok(()), |wait| Err(too_many_failed(wait)))
    }

    /// Counts what came of a guess. Of many at once, no more are answered than if they had come one after the other: who
    /// should have waited by then learns no more than that.
    ///
    /// # Errors
    /// That of `outcome`; for a right one as [`Self::admit`].
    pub async fn settle<T>(
        &self,
        platform: &Platform,
        guess: &Guess,
        outcome: Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        match &outcome {
            Ok(_) => self.admit(platform, guess).await?,
            Err(error) if error.code() == Code::InvalidCredentials => {
                self.count_failure(platform, guess).await?;
            }
            Err(_) => {}
        }
        outcome
    }

    async fn count_failure(&self, platform: &Platform, guess: &Guess) -> Result<(), ApiError> {
        let failed: Vec<_> = self.counted(guess).collect();
        if failed.is_empty() {
            return Ok(());
        }
        let mut lease = platform.pools.platform().await?;
        let wait = LoginFailure::record(&failed, &mut lease).await?;
        lease.finish().await?;
        wait.map_or(Ok(()), |wait| Err(too_many_failed(wait)))
    }

    /// Forgets the failed logins of accounts: their owner has logged in or set a new password, or an admin says so.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn forgive(&self, platform: &Platform, keys: &[AttemptKey]) -> Result<(), ApiError> {
        if self.account_leniency.is_none() {
            return Ok(());
        }
        let lease = platform.pools.platform().await?;
        self.forgive_on(keys, &lease).await?;
        Ok(lease.finish().await?)
    }

    /// As [`Self::forgive`], on a connection of the platform, in whose transaction the accounts may be changed otherwise.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn forgive_on(&self, keys: &[AttemptKey], conn: &PlatformConn) -> QueryResult<()> {
        let keys: Vec<_> = keys.iter().map(|key| key.0).collect();
        LoginFailure::forgive(&keys, conn).await
    }

    fn counted(&self, guess: &Guess) -> impl Iterator<Item = (FailureKey, Leniency)> {
        let account = self
            .account_leniency
            .map(|lenient| (guess.account, lenient));
        let address = self
            .address_leniency
            .map(|lenient| (guess.address, lenient));
        let both = account.into_iter().chain(address);
        both.map(|(key, leniency)| (key.0, leniency))
    }
}

fn too_many_failed(wait: TimeDelta) -> ApiError {
    ApiError::new(Code::RateLimited)
        .detail("too many logins have failed")
        .retry_after(wait.to_std().unwrap_or_default())
}

/// A guess at the password of an account, from an address.
#[derive(Debug, Clone, Copy)]
pub struct Guess {
    account: AttemptKey,
    address: AttemptKey,
}

impl Guess {
    /// A guess by this client.
    pub fn new(account: AttemptKey, client: &Client) -> Self {
        Self {
            account,
            address: AttemptKey::address(client),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_counted_under_its_name_in_any_case_and_at_its_own_tenant() {
        let [acme, globex] = ["0123456789ab", "0123456789ac"].map(|id| id.parse().unwrap());
        let key = AttemptKey::account(&acme, "alice");
        assert_eq!(key, AttemptKey::account(&acme, " ALICE "));
        assert_ne!(key, AttemptKey::account(&acme, "bob"));
        assert_ne!(key, AttemptKey::account(&globex, "alice"));
        assert_ne!(key, AttemptKey::api_key(&acme, "alice"));
    }
}
