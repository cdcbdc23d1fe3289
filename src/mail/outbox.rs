//! The task that empties the outbox: claims what is due, sends it, tries again what failed, and gives up what cannot be sent.
//!
//! No transaction is open while a mail server is talked to. A mail is claimed for some minutes instead, and whoever dies with
//! it in hand leaves it to the next: so a mail may be sent twice, with one `Message-ID`, and is never lost.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use platform_schema::OutgoingMail;
use tokio::select;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::delivery::{Delivery, DeliveryError};
use super::letter::{LetterError, Sender};
use crate::platform::Platform;
use crate::task::StoppableTask;
use crate::tenancy::{Changes, PoolError, SettleError, TenantPools};

/// How often the outbox is looked into without being told to: for what was announced in vain, and for what is to be tried
/// again.
const POLL: Duration = Duration::from_secs(10);

/// Mails sent at once.
const AT_ONCE: usize = 8;

/// How long one mail may take, to be tried again then.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long nobody else is given a claimed mail: longer than it may take.
const LEASE: TimeDelta = TimeDelta::minutes(3);

/// Attempts before a mail is given up, which is after some four hours.
const MOST_ATTEMPTS: i32 = 8;

/// The pause after the first failure; each further one is four times as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(15);

/// The longest pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// How long a mail is remembered, sent or not.
const MEMORY: TimeDelta = TimeDelta::days(30);

/// How often old mail is forgotten.
const FORGETTING: Duration = Duration::from_hours(1);

/// Most characters of a reason that are kept.
const LONGEST_REASON: usize = 500;

/// What empties the outbox.
#[derive(Debug)]
pub struct Outbox {
    pools: TenantPools,
    changes: Changes,
    sender: Sender,
    delivery: Delivery,
}

/// Why the outbox was not looked into.
#[derive(Debug, thiserror::Error)]
enum OutboxError {
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    #[error(transparent)]
    Settle(#[from] SettleError),
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error(transparent)]
    Letter(#[from] LetterError),
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    #[error("it took longer than {} seconds", PATIENCE.as_secs())]
    Slow,
}

impl Outbox {
    /// Sends mail of the platform's tenants.
    pub fn new(platform: &Platform, sender: Sender, delivery: Delivery) -> Self {
        Self {
            pools: platform.pools.clone(),
            changes: platform.changes.clone(),
            sender,
            delivery,
        }
    }

    /// Begins. The task owns nothing but connections it is lent. Asked to stop it lets the mails under way be sent; where that
    /// takes too long, the next task sends them again.
    pub fn start(self) -> StoppableTask {
        StoppableTask::start(|mut stopped| async move {
            let mut forgotten = None;
            loop {
                select! {
                    _ = stopped.wait_for(|stopped| *stopped) => return,
                    () = self.changes.mail() => {}
                    () = sleep(POLL) => {}
                }
                self.empty(&stopped).await;
                if forgotten.is_none_or(|at: std::time::Instant| at.elapsed() > FORGETTING) {
                    forgotten = Some(std::time::Instant::now());
                    self.forget().await;
                }
            }
        })
    }

    /// Sends what is due, until nothing is.
    async fn empty(&self, stopped: &watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let claimed = match self.claim().await {
                Ok(claimed) if claimed.is_empty() => return,
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be read, mail waits");
                    return;
                }
            };
            join_all(claimed.iter().map(|mail| self.send(mail))).await;
        }
    }

    async fn claim(&self) -> Result<Vec<OutgoingMail>, OutboxError> {
        let mut conn = self.pools.platform().await?;
        let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let claimed = OutgoingMail::claim(limit, LEASE, &mut conn).await?;
        conn.finish().await?;
        Ok(claimed)
    }

    async fn send(&self, mail: &OutgoingMail) {
        let outcome = self.attempt(mail).await;
        if let Err(error) = self.record(mail, outcome).await {
            // The mail is claimed, and sent again when the lease is over.
            tracing::warn!(%error, mail.id = %mail.id, "what became of a mail cannot be recorded");
        }
    }

    async fn attempt(&self, mail: &OutgoingMail) -> Result<(), SendError> {
        let message = self.sender.write(mail)?;
        let name = format!(
            "{}-{}-{}",
            mail.created_at.format("%Y%m%dT%H%M%S%3f"),
            mail.kind,
            mail.id
        );
        let delivering = self.delivery.deliver(message, &name);
        let file = timeout(PATIENCE, delivering)
            .await
            .or(Err(SendError::Slow))??;
        match file {
            Some(file) => tracing::info!(
                tenant.id = %mail.tenant, mail.kind, "a mail was written to {}", file.display()
            ),
            None => {
                tracing::info!(tenant.id = %mail.tenant, mail.kind, mail.id = %mail.id, "a mail was sent");
            }
        }
        Ok(())
    }

    async fn record(
        &self,
        mail: &OutgoingMail,
        outcome: Result<(), SendError>,
    ) -> Result<(), OutboxError> {
        let conn = self.pools.platform().await?;
        match outcome {
            Ok(()) => mail.record_sent(&conn).await?,
            Err(error) => {
                let reason: String = error.to_string().chars().take(LONGEST_REASON).collect();
                let gives_up = error.is_final() || mail.attempts >= MOST_ATTEMPTS;
                tracing::warn!(
                    tenant.id = %mail.tenant, mail.kind, mail.id = %mail.id, mail.attempts, gives_up,
                    error = error.summary(), "a mail was not sent"
                );
                if gives_up {
                    mail.give_up(&reason, &conn).await?;
                } else {
                    mail.put_back(pause(mail.attempts), &reason, &conn).await?;
                }
            }
        }
        Ok(conn.finish().await?)
    }

    async fn forget(&self) {
        let forget = async {
            let conn = self.pools.platform().await?;
            OutgoingMail::forget_older_than(MEMORY, &conn).await?;
            conn.finish().await?;
            Ok::<_, OutboxError>(())
        };
        if let Err(error) = forget.await {
            tracing::warn!(%error, "old mail is not forgotten");
        }
    }
}

impl SendError {
    /// Whether another attempt would end the same way.
    fn is_final(&self) -> bool {
        match self {
            Self::Letter(_) => true,
            Self::Delivery(error) => error.is_final(),
            Self::Slow => false,
        }
    }

    /// What the log may say.
    fn summary(&self) -> String {
        match self {
            Self::Delivery(error) => error.summary(),
            other => other.to_string(),
        }
    }
}

/// The pause after as many attempts, from 1.
fn pause(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or_default();
    let factor = 4_i32.saturating_pow(doublings);
    FIRST_PAUSE
        .checked_mul(factor)
        .map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let pauses: Vec<i64> = (1..=7)
            .map(|attempts| pause(attempts).num_seconds())
            .collect();
        assert_eq!(pauses, [15, 60, 240, 960, 3_600, 3_600, 3_600]);
        assert_eq!(pause(i32::MAX), LONGEST_PAUSE);
    }
}
