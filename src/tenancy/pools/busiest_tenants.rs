//! The tenants that take most, in bounded memory: the Space-Saving summary of Metwally, Agrawal and El Abbadi ("Efficient
//! computation of frequent and top-k elements in data streams", ICDT 2005).
//!
//! It watches a fixed number of tenants. A tenant that is not watched takes the place of the one with the least, and its
//! number with it; so a number is too high by at most what is kept beside it, and a tenant with more than the total divided
//! by the places is never missing.

use std::collections::HashMap;

use platform_schema::TenantId;

/// Tenants that are watched.
const PLACES: usize = 128;

/// The tenants with the highest sums.
#[derive(Debug, Default)]
pub(super) struct BusiestTenants {
    /// Highest sum first.
    ranks: Vec<Rank>,
    /// Where in `ranks` a tenant is.
    places: HashMap<TenantId, usize>,
}

/// A watched tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rank {
    /// The tenant.
    pub(super) tenant: TenantId,
    /// Its sum, or more.
    pub(super) sum: u64,
    /// By how much the sum may be too high.
    pub(super) excess: u64,
}

impl BusiestTenants {
    /// Adds to the sum of a tenant. Adding one takes a search of `ranks` by halves, and more where `amount` is more.
    pub(super) fn add(&mut self, tenant: &TenantId, amount: u64) {
        let place = match self.places.get(tenant) {
            Some(place) => *place,
            None => self.admit(tenant),
        };
        let Some(rank) = self.ranks.get_mut(place) else {
            return;
        };
        let before = rank.sum;
        rank.sum += amount;
        let sum = rank.sum;
        self.rise(place, before, sum);
    }

    /// The first `count` of them, highest sum first.
    pub(super) fn first(&self, count: usize) -> impl Iterator<Item = &Rank> {
        self.ranks.iter().take(count)
    }

    /// Watches a tenant, at the end of `ranks`.
    fn admit(&mut self, tenant: &TenantId) -> usize {
        let newcomer = |sum| Rank {
            tenant: tenant.clone(),
            sum,
            excess: sum,
        };
        if self.ranks.len() < PLACES {
            self.ranks.push(newcomer(0));
        } else if let Some(least) = self.ranks.last_mut() {
            let least = std::mem::replace(least, newcomer(least.sum));
            self.places.remove(&least.tenant);
        }
        let place = self.ranks.len().saturating_sub(1);
        self.places.insert(tenant.clone(), place);
        place
    }

    /// Moves a rank up to where its sum belongs. Those in between have less; where all of them have what it had before, it
    /// changes places with the first.
    fn rise(&mut self, place: usize, before: u64, sum: u64) {
        let above = self.ranks.get(..place).unwrap_or_default();
        let target = above.partition_point(|rank| rank.sum >= sum);
        if target == place {
            return;
        }
        if above.get(target).is_some_and(|rank| rank.sum == before) {
            self.ranks.swap(target, place);
            self.note(place);
        } else {
            if let Some(span) = self.ranks.get_mut(target..=place) {
                span.rotate_right(1);
            }
            (target + 1..=place).for_each(|moved| self.note(moved));
        }
        self.note(target);
    }

    fn note(&mut self, place: usize) {
        if let Some(rank) = self.ranks.get(place)
            && let Some(noted) = self.places.get_mut(&rank.tenant)
        {
            *noted = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn tenant(number: usize) -> TenantId {
        format!("0{number:011}").parse().unwrap()
    }

    proptest! {
        #[test]
        fn sums_are_in_order_and_never_too_low(
            stream in prop::collection::vec((0_usize..400, prop_oneof![9 => Just(1_u64), 1 => 1_u64..50]), 0..3_000)
        ) {
            let mut busiest = BusiestTenants::default();
            let mut truth: HashMap<TenantId, u64> = HashMap::new();
            for (number, amount) in &stream {
                busiest.add(&tenant(*number), *amount);
                *truth.entry(tenant(*number)).or_default() += amount;
            }
            prop_assert!(busiest.ranks.is_sorted_by(|left, right| left.sum >= right.sum));
            prop_assert!(busiest.ranks.len() <= PLACES);
            prop_assert_eq!(busiest.places.len(), busiest.ranks.len());
            for (place, rank) in busiest.ranks.iter().enumerate() {
                prop_assert_eq!(busiest.places[&rank.tenant], place);
                let truth = truth[&rank.tenant];
                prop_assert!(rank.sum >= truth && rank.sum - rank.excess <= truth);
            }
            let total: u64 = stream.iter().map(|(_, amount)| amount).sum();
            for (tenant, sum) in truth {
                let watched = u64::try_from(PLACES).unwrap();
                prop_assert!(sum * watched <= total || busiest.places.contains_key(&tenant));
            }
        }
    }

    #[test]
    fn a_busy_tenant_stands_out_of_many_that_come_once() {
        let mut busiest = BusiestTenants::default();
        for number in 1..5_000 {
            busiest.add(&tenant(number), 1);
            if number % 10 == 0 {
                busiest.add(&tenant(0), 1);
            }
        }
        let first = busiest.first(1).next().unwrap();
        assert_eq!(first.tenant, tenant(0));
    }
}
