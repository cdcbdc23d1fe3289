//! What an operator sees of the pools: numbers, and the few tenants that take most.

use std::time::Duration;

use platform_schema::TenantId;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::binding::Binding;
use super::busiest_tenants::BusiestTenants;
use super::counters::CloseReason;
use super::{Shared, State};

/// Tenants in each list.
const LISTED: usize = 20;

/// What the pools of this process have now, and did since it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PoolsView {
    /// Connections that this process opens at most.
    pub max_connections: u64,
    /// Connections that one tenant holds at most.
    pub max_per_tenant: u64,
    /// Connections that are open and lent to nobody.
    pub idle: u64,
    /// Connections that are lent.
    pub lent: u64,
    /// Connections that are being opened.
    pub opening: u64,
    /// Leases that are waited for.
    pub waiting: u64,
    /// Connections opened since the start.
    pub opened: u64,
    /// Connections closed since the start, by reason.
    pub closed: ClosedView,
    /// Leases served by a connection that was bound as asked already.
    pub hits: u64,
    /// Connections bound to a tenant for the first time; behind a pooler of transactions, every lease.
    pub binds: u64,
    /// Connections bound to a tenant after another.
    pub rebinds: u64,
    /// Leases refused with `pool_exhausted`.
    pub exhausted: u64,
    /// Leases that waited in a queue.
    pub waits: WaitsView,
    /// The tenants that take most, 20 of each kind at most.
    pub tenants: TenantsView,
}

/// Connections closed, by reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClosedView {
    /// They were old.
    pub age: u64,
    /// Their backends had touched many schemas.
    pub schemas: u64,
    /// The server closed them, they could not be bound, or their lease was given up while they were.
    pub lost: u64,
    /// They were left in the middle of a statement or a transaction, panicked on, or given SQL text.
    pub dirty: u64,
    /// Nobody had used them for long.
    pub idle: u64,
    /// There was no room for one of another login role.
    pub login_role: u64,
}

/// How long leases waited, of those that did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WaitsView {
    /// How many did.
    pub count: u64,
    /// The sum of all waits, in microseconds.
    pub sum_us: u64,
    /// The longest waits come last. Those longer than the last bound are in `count` alone.
    pub classes: Vec<WaitClass>,
}

/// Waits up to a bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WaitClass {
    /// The bound, in microseconds.
    pub up_to_us: u64,
    /// Waits that were no longer, those of the classes before included.
    pub count: u64,
}

/// The tenants that take most. The first two are estimates that are never too low (Space-Saving).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TenantsView {
    /// By leases since the start.
    pub by_leases: Vec<TenantCount>,
    /// By microseconds waited since the start.
    pub by_wait_us: Vec<TenantCount>,
    /// By connections held now.
    pub by_held: Vec<TenantCount>,
    /// By leases waited for now.
    pub by_waiting: Vec<TenantCount>,
}

/// A tenant and a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TenantCount {
    /// The tenant.
    pub tenant: TenantId,
    /// The number.
    pub count: u64,
    /// By how much it may be too high.
    pub excess: u64,
}

/// Looks at the pools.
pub(super) fn of(shared: &Shared) -> PoolsView {
    let counters = &shared.counters;
    let closed = |reason| counters.closed(reason).get();
    let (idle, waiting, tenants) =
        shared.with_state(|state| (number(state.idle.len()), waiting(state), tenants(state)));
    PoolsView {
        max_connections: number(shared.max_connections),
        max_per_tenant: number(shared.share),
        idle,
        lent: counters.lent.get(),
        opening: counters.opening.get(),
        waiting,
        opened: counters.opened.get(),
        closed: ClosedView {
            age: closed(CloseReason::Age),
            schemas: closed(CloseReason::Schemas),
            lost: closed(CloseReason::Lost),
            dirty: closed(CloseReason::Dirty),
            idle: closed(CloseReason::Idle),
            login_role: closed(CloseReason::LoginRole),
        },
        hits: counters.hits.get(),
        binds: counters.binds.get(),
        rebinds: counters.rebinds.get(),
        exhausted: counters.exhausted.get(),
        waits: waits(shared),
        tenants,
    }
}

fn waits(shared: &Shared) -> WaitsView {
    let waits = &shared.counters.waits;
    let class = |(bound, count)| WaitClass {
        up_to_us: micros(bound),
        count,
    };
    WaitsView {
        count: waits.count(),
        sum_us: micros(waits.sum()),
        classes: waits.cumulated().into_iter().map(class).collect(),
    }
}

fn waiting(state: &State) -> u64 {
    let each = state.shares.at_work();
    number(each.map(|(_, _, waiting)| waiting).sum())
}

fn tenants(state: &State) -> TenantsView {
    let at_work = |measure: fn(usize, usize) -> usize| {
        let counts = state
            .shares
            .at_work()
            .filter_map(|(binding, held, waiting)| {
                let count = number(measure(held, waiting));
                match binding {
                    Binding::Tenant(tenant) if count > 0 => Some((tenant, count)),
                    _ => None,
                }
            });
        highest(counts.collect())
    };
    TenantsView {
        by_leases: summed(&state.by_leases),
        by_wait_us: summed(&state.by_wait),
        by_held: at_work(|held, _| held),
        by_waiting: at_work(|_, waiting| waiting),
    }
}

fn summed(busiest: &BusiestTenants) -> Vec<TenantCount> {
    let count = |rank: &super::busiest_tenants::Rank| TenantCount {
        tenant: rank.tenant.clone(),
        count: rank.sum,
        excess: rank.excess,
    };
    busiest.first(LISTED).map(count).collect()
}

fn highest(mut counts: Vec<(&TenantId, u64)>) -> Vec<TenantCount> {
    counts.sort_unstable_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
    let listed = counts.into_iter().take(LISTED);
    listed
        .map(|(tenant, count)| TenantCount {
            tenant: tenant.clone(),
            count,
            excess: 0,
        })
        .collect()
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
