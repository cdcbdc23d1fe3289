//! Shares: how many connections a tenant holds or stands in the common queue for, so that nobody starves.
//!
//! Whoever wants a lease first takes a permit of the tenant's share, and only then stands in the queue of all. Both are
//! first in, first out; a tenant has never more than its share in the common queue, and the next one waits behind no more.
//! Only tenants at work are kept.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::super::binding::Binding;

/// The shares of all that are at work.
#[derive(Debug, Default)]
pub(super) struct Shares(HashMap<Binding, Share>);

#[derive(Debug)]
struct Share {
    permits: Arc<Semaphore>,
    size: usize,
    /// Leases of it that are held or waited for.
    users: usize,
    /// Those of them that have their place.
    holders: usize,
}

impl Shares {
    /// The permits of a share of `size`, and one user more, who must [`Self::leave`].
    pub(super) fn join(&mut self, binding: &Binding, size: usize) -> Arc<Semaphore> {
        if let Some(share) = self.0.get_mut(binding) {
            share.users += 1;
            share.resize(size);
            return Arc::clone(&share.permits);
        }
        let permits = Arc::new(Semaphore::new(size));
        let share = Share {
            permits: Arc::clone(&permits),
            size,
            users: 1,
            holders: 0,
        };
        self.0.insert(binding.clone(), share);
        permits
    }

    /// Notes that a user has a place now.
    pub(super) fn sit(&mut self, binding: &Binding) {
        if let Some(share) = self.0.get_mut(binding) {
            share.holders += 1;
        }
    }

    /// Gives up what [`Self::join`] gave, and the place of one who sat.
    pub(super) fn leave(&mut self, binding: &Binding, sat: bool) {
        if let Some(share) = self.0.get_mut(binding) {
            share.users -= 1;
            share.holders -= usize::from(sat);
            if share.users == 0 {
                self.0.remove(binding);
            }
        }
    }

    /// How many leases each has, and how many it waits for.
    pub(super) fn at_work(&self) -> impl Iterator<Item = (&Binding, usize, usize)> {
        self.0.iter().map(|(binding, share)| {
            let waiting = share.users.saturating_sub(share.holders);
            (binding, share.holders, waiting)
        })
    }
}

impl Share {
    /// Follows a limit that has changed. Permits that are held are not taken away: the next to join sees to the rest.
    fn resize(&mut self, size: usize) {
        if size > self.size {
            self.permits.add_permits(size - self.size);
            self.size = size;
        } else if size < self.size {
            self.size -= self.permits.forget_permits(self.size - size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_of_those_who_left() {
        let mut shares = Shares::default();
        shares.join(&Binding::Platform, 2);
        shares.join(&Binding::Platform, 2);
        shares.sit(&Binding::Platform);
        let at_work: Vec<_> = shares.at_work().collect();
        assert_eq!(at_work, [(&Binding::Platform, 1, 1)]);
        shares.leave(&Binding::Platform, true);
        let at_work: Vec<_> = shares.at_work().collect();
        assert_eq!(at_work, [(&Binding::Platform, 0, 1)]);
        shares.leave(&Binding::Platform, false);
        assert_eq!(shares.at_work().count(), 0);
    }

    #[test]
    fn a_share_follows_its_limit_without_taking_what_is_held() {
        let mut shares = Shares::default();
        let permits = shares.join(&Binding::Platform, 2);
        let held = (
            permits.try_acquire().unwrap(),
            permits.try_acquire().unwrap(),
        );
        shares.join(&Binding::Platform, 1);
        drop(held);
        shares.join(&Binding::Platform, 1);
        assert_eq!(permits.available_permits(), 1);
        shares.join(&Binding::Platform, 3);
        assert_eq!(permits.available_permits(), 3);
    }
}
