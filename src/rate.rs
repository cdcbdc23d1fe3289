//! Rates: how often somebody may do something, held by token buckets (the generic cell rate algorithm, ITU-T I.371).
//!
//! One process counts exactly, however much happens at once; several count each for themselves.

use std::fmt;
use std::hash::Hash;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::future::Cache;

/// The window of all rates.
const WINDOW: Duration = Duration::from_mins(1);

/// A bucket that nobody has taken from for this long is full again, and need not be kept.
const IDLE: Duration = Duration::from_mins(2);

/// Buckets kept at most.
const CAPACITY: u64 = 100_000;

type Bucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// So many a minute, of which so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// Name in the headers of the answers: letters and dashes.
    pub policy: &'static str,
    /// How many a minute.
    pub per_minute: NonZero<u32>,
    /// How many at once after a quiet minute; not more than in a minute.
    pub at_once: NonZero<u32>,
}

impl Rate {
    /// A minute's worth at once. Nothing for 0, which stands for no limit.
    pub fn per_minute(policy: &'static str, requests: u32) -> Option<Self> {
        NonZero::new(requests).map(|per_minute| Self {
            policy,
            per_minute,
            at_once: per_minute,
        })
    }

    fn quota(self) -> Quota {
        Quota::per_minute(self.per_minute).allow_burst(self.at_once)
    }
}

/// What is left of a rate. As text in an answer, `RateLimit` says it of this moment and `RateLimit-Policy` of the rate
/// (draft-ietf-httpapi-ratelimit-headers-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateStanding {
    rate: Rate,
    left: u32,
}

impl RateStanding {
    /// The item for the header `RateLimit-Policy`.
    pub fn policy(&self) -> String {
        let Rate {
            policy, per_minute, ..
        } = self.rate;
        format!("\"{policy}\";q={per_minute};w={}", WINDOW.as_secs())
    }

    /// The item for the header `RateLimit`; `t` is the seconds until all is there again.
    pub fn limit(&self) -> String {
        let missing = self.rate.at_once.get().saturating_sub(self.left);
        let full = self.rate.quota().replenish_interval().as_secs_f64() * f64::from(missing);
        format!(
            "\"{}\";r={};t={:.0}",
            self.rate.policy,
            self.left,
            full.ceil()
        )
    }
}

/// More than the rate allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {} a minute", .rate.per_minute)]
pub struct RateExceeded {
    /// The rate.
    pub rate: Rate,
    /// When the next one is allowed.
    pub wait: Duration,
}

impl RateExceeded {
    /// Nothing is left.
    pub fn standing(&self) -> RateStanding {
        RateStanding {
            rate: self.rate,
            left: 0,
        }
    }
}

/// The buckets of everybody who does something, by key. Cheap to clone.
#[derive(Clone)]
pub struct Buckets<Key: Hash + Eq + Send + Sync + 'static> {
    /// Whose rate changes has another bucket.
    buckets: Cache<(Key, Rate), Arc<Bucket>>,
    clock: DefaultClock,
}

impl<Key: Hash + Eq + Send + Sync + 'static> Buckets<Key> {
    /// Full buckets for everybody.
    pub fn new() -> Self {
        Self {
            buckets: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_idle(IDLE)
                .build(),
            clock: DefaultClock::default(),
        }
    }

    /// Takes one from a bucket, and says what is left.
    ///
    /// # Errors
    /// `RateExceeded` when the bucket is empty.
    pub async fn take(&self, key: Key, rate: Rate) -> Result<RateStanding, RateExceeded> {
        let full = async { Arc::new(RateLimiter::direct(rate.quota()).with_middleware()) };
        let bucket = self.buckets.get_with((key, rate), full).await;
        match bucket.check() {
            Ok(state) => Ok(RateStanding {
                rate,
                left: state.remaining_burst_capacity(),
            }),
            Err(refused) => Err(RateExceeded {
                rate,
                wait: refused.wait_time_from(self.clock.now()),
            }),
        }
    }
}

impl<Key: Hash + Eq + Send + Sync + 'static> Default for Buckets<Key> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Key: Hash + Eq + Send + Sync + 'static> fmt::Debug for Buckets<Key> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} buckets", self.buckets.entry_count())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn of_many_at_once_exactly_as_many_pass_as_the_rate_says() {
        let (buckets, rate) = (Buckets::new(), Rate::per_minute("tries", 10).unwrap());
        let tasks = (0..100).map(|_| {
            let buckets = buckets.clone();
            tokio::spawn(async move { buckets.take("key", rate).await })
        });
        let taken = join_all(tasks).await.into_iter().map(Result::unwrap);
        let (passed, refused): (Vec<_>, Vec<_>) = taken.partition(Result::is_ok);
        assert_eq!((passed.len(), refused.len()), (10, 90));
        let mut left: Vec<u32> = passed.into_iter().map(|one| one.unwrap().left).collect();
        left.sort_unstable();
        assert_eq!(left, (0..10).collect::<Vec<_>>());
        assert!(buckets.take("another key", rate).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_left_is_said_as_structured_fields() {
        let (buckets, rate) = (Buckets::new(), Rate::per_minute("tries", 6).unwrap());
        let standing = buckets.take((), rate).await.unwrap();
        assert_eq!(standing.policy(), r#""tries";q=6;w=60"#);
        assert_eq!(standing.limit(), r#""tries";r=5;t=10"#);
        for _ in 0..5 {
            buckets.take((), rate).await.unwrap();
        }
        let refused = buckets.take((), rate).await.unwrap_err();
        assert!(refused.wait <= Duration::from_secs(10), "{refused:?}");
        assert_eq!(refused.standing().limit(), r#""tries";r=0;t=60"#);
    }

    #[test]
    fn a_rate_of_none_is_no_limit() {
        assert_eq!(Rate::per_minute("tries", 0), None);
    }
}
