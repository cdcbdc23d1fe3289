//! What a user may pass on to others: nothing that is not wholly theirs, and nothing for longer than it is.

use chrono::{DateTime, Utc};

use super::Grants;
use super::rules::{End, holds, key};

impl Grants {
    /// Whether the user may grant to another, at a time, what a permission or wildcard covers, until then or for good.
    ///
    /// All of it must be granted to them for as long, by one rule that covers it, and nothing of it denied.
    pub fn may_pass_on(
        &self,
        pattern: &str,
        until: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> bool {
        let Some(key) = key(pattern) else {
            return false;
        };
        let outlasts = |end: &End| match (*end, until) {
            (None, _) => true,
            (Some(end), Some(until)) => at < end && until <= end,
            (Some(_), None) => false,
        };
        let is_granted = self.direct.covering(key, outlasts).is_some()
            || self.by_role.covering(key, |_| true).is_some();
        is_granted && !self.denials.touch(key, |end| holds(end, at))
    }
}
