//! The tenants that keep coming back to a connection, and so have prepared statements of their own there.
//!
//! A prepared statement that is run under another `search_path` than before is analysed and planned anew
//! (`RevalidateCachedQuery` in PostgreSQL's `plancache.c`). A statement that one tenant alone runs keeps its plan while the
//! connection serves others. It costs a round trip to prepare, and memory in the backend; so only those get it who return
//! soon, and not too many of them.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::super::binding::Binding;

/// A tenant that was here within so many bindings comes back.
const WINDOW: usize = 64;

/// Tenants with statements of their own at a time.
const MOST: usize = 64;

/// The regulars of a connection.
#[derive(Debug, Default)]
pub(super) struct RegularTenants {
    /// Hashes of the tenants that it was bound to, the last one last.
    recent: VecDeque<u64>,
    /// Hashes of those with statements of their own.
    own: HashSet<u64>,
    /// What tells the statements of the tenant that it is bound to from those of others.
    mark: Option<Arc<str>>,
}

impl RegularTenants {
    /// Notes whom the connection is bound to from now on.
    pub(super) fn note(&mut self, binding: &Binding) {
        self.mark = None;
        let Binding::Tenant(tenant) = binding else {
            return;
        };
        let hash = binding.hashed();
        if self.recent.contains(&hash) {
            self.own.insert(hash);
            self.mark = Some(format!(" /* tenant_{tenant} */").into());
        }
        self.recent.push_back(hash);
        if self.recent.len() > WINDOW {
            self.recent.pop_front();
        }
    }

    /// What tells the statements of the tenant that it is bound to from those of others, if they are its own.
    pub(super) fn mark(&self) -> Option<Arc<str>> {
        self.mark.clone()
    }

    /// Whether there are too many; then none has statements any more, and the caller lets go of them.
    pub(super) fn are_too_many(&mut self) -> bool {
        let too_many = self.own.len() > MOST;
        if too_many {
            self.own.clear();
        }
        too_many
    }
}

#[cfg(test)]
mod tests {
    use platform_schema::TenantId;

    use super::*;

    fn tenant(number: usize) -> Binding {
        let id: TenantId = format!("1{number:011}").parse().unwrap();
        Binding::Tenant(id)
    }

    #[test]
    fn a_tenant_that_returns_soon_has_statements_of_its_own() {
        let mut regulars = RegularTenants::default();
        regulars.note(&tenant(1));
        assert_eq!(regulars.mark(), None);
        regulars.note(&tenant(2));
        regulars.note(&tenant(1));
        assert_eq!(
            regulars.mark().as_deref(),
            Some(" /* tenant_100000000001 */")
        );
        regulars.note(&Binding::Platform);
        assert_eq!(regulars.mark(), None);
    }

    #[test]
    fn a_tenant_that_returns_late_has_none() {
        let mut regulars = RegularTenants::default();
        for number in 0..=WINDOW {
            regulars.note(&tenant(number));
        }
        regulars.note(&tenant(0));
        assert_eq!(regulars.mark(), None);
    }

    #[test]
    fn no_more_than_so_many_have_them() {
        let mut regulars = RegularTenants::default();
        for number in 0..=MOST {
            regulars.note(&tenant(number));
            assert!(!regulars.are_too_many());
            regulars.note(&tenant(number));
        }
        assert!(regulars.are_too_many());
        assert!(!regulars.are_too_many());
    }
}
