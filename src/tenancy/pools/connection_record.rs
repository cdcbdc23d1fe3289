//! What is known of a physical connection beside the session itself: what it is bound to, and what its backend has seen.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use connection::InFlight;
use platform_schema::LoginRoleNumber;
use tokio::time::Instant;

use super::super::binding::{Binding, timeout_millis};
use super::counters::{CloseReason, Counters};
use super::regular_tenants::RegularTenants;
use crate::config::Isolation;

/// What a lease asks of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeaseTerms {
    /// What it is bound to.
    pub(super) binding: Binding,
    /// How long one of its statements may take.
    pub(super) statement_timeout: Duration,
}

impl LeaseTerms {
    /// The message that changes a session from these terms to `others`.
    pub(super) fn message(&self, others: &Self, isolation: Isolation) -> String {
        let binding = others.binding.message(isolation);
        if self.statement_timeout == others.statement_timeout {
            return binding;
        }
        let millis = timeout_millis(others.statement_timeout);
        format!("{binding}; SET statement_timeout = {millis}")
    }
}

/// When a connection is replaced.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recycling {
    /// This long after it was opened, ten per cent more or less, so that those opened together do not go together.
    pub(super) max_age: Duration,
    /// When its backend has touched this many schemas.
    pub(super) max_schemas: usize,
}

/// What is known of a connection. Dropping it counts the end of the connection.
#[derive(Debug)]
pub(super) struct ConnectionRecord {
    /// Number of the connection in this process.
    id: u64,
    /// Under which login role it was opened.
    pub(super) login_role: LoginRoleNumber,
    /// What the connection is bound to, and how long a statement may take.
    pub(super) terms: LeaseTerms,
    /// Its statements.
    pub(super) in_flight: InFlight,
    /// The tenants that come back to it.
    pub(super) regulars: RegularTenants,
    /// Hashes of the tenants whose schemas its backend has touched.
    touched: HashSet<u64>,
    expires: Instant,
    reason: CloseReason,
    /// Where it is counted what becomes of it.
    pub(super) counters: Arc<Counters>,
}

impl ConnectionRecord {
    /// The record of connection number `id`, which was just opened under a login role.
    pub(super) fn new(
        id: u64,
        login_role: LoginRoleNumber,
        statement_timeout: Duration,
        max_age: Duration,
        counters: Arc<Counters>,
    ) -> Self {
        counters.opened.up();
        // From 90 to 110 per cent, in steps of one.
        let percent = u32::try_from(90 + mixed(id) % 21).unwrap_or(100);
        Self {
            id,
            login_role,
            terms: LeaseTerms {
                binding: Binding::Platform,
                statement_timeout,
            },
            in_flight: InFlight::default(),
            regulars: RegularTenants::default(),
            touched: HashSet::new(),
            expires: Instant::now() + max_age * percent / 100,
            reason: CloseReason::Lost,
            counters,
        }
    }

    /// Notes that the connection was bound.
    pub(super) fn bound_to(&mut self, terms: LeaseTerms) {
        if terms.binding != self.terms.binding {
            self.regulars.note(&terms.binding);
        }
        if let Binding::Tenant(_) = &terms.binding
            && terms.binding != self.terms.binding
        {
            let is_first = self.touched.is_empty();
            self.touched.insert(terms.binding.hashed());
            let count = if is_first {
                &self.counters.binds
            } else {
                &self.counters.rebinds
            };
            count.up();
        }
        self.terms = terms;
    }

    /// How much this connection is the place for a tenant: the weight of highest random weight hashing (Thaler and
    /// Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM Transactions on Networking 6(1), 1998).
    pub(super) fn weight(&self, hash: u64) -> u64 {
        mixed(hash ^ mixed(self.id))
    }

    /// Why the connection should be replaced rather than lent again, if it should.
    pub(super) fn is_worn(&self, recycling: &Recycling, now: Instant) -> Option<CloseReason> {
        if self.touched.len() >= recycling.max_schemas {
            Some(CloseReason::Schemas)
        } else if now >= self.expires {
            Some(CloseReason::Age)
        } else {
            None
        }
    }

    /// Says why the connection ends, which it does as this is dropped.
    pub(super) fn blame(&mut self, reason: CloseReason) {
        self.reason = reason;
    }
}

impl Drop for ConnectionRecord {
    fn drop(&mut self) {
        self.counters.closed(self.reason).up();
    }
}

/// Spreads a number over all 64 bits: the finalizer of `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", OOPSLA 2014).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
