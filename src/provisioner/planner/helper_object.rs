//! Helper objects: what an online change needs for a while. Their names tell them from everything else, so that what an
//! interrupted run left behind is found and used or removed by the next one.

use aws_lc_rs::digest;

/// PostgreSQL keeps 63 bytes of a name (`NAMEDATALEN`).
const MAX_BYTES: usize = 63;

/// What every helper's name contains.
const MARK: &str = "__rowhouse_";

/// Why a helper is dropped.
pub(super) const LEFT_BEHIND: &str = "left behind by an interrupted run";

/// An index that is built to take another's place.
pub(super) fn replacement(name: &str) -> String {
    marked(name, "new")
}

/// An index or type that gave up its place.
pub(super) fn replaced(name: &str) -> String {
    marked(name, "old")
}

/// The check that proves a column free of NULLs.
pub(super) fn not_null_check(table: &str, column: &str) -> String {
    marked(&format!("{table}_{column}"), "check")
}

/// The check that tells a column whose rows are still to be filled.
pub(super) fn unfilled(column: &str) -> String {
    marked(column, "unfilled")
}

/// The trigger, and its function, that keep a shadow column in step.
pub(super) fn synchronizer(table: &str, column: &str) -> String {
    marked(&format!("{table}_{column}"), "sync")
}

/// Whether the name is a helper's.
pub(super) fn is_helper(name: &str) -> bool {
    name.contains(MARK)
}

/// A name that does not fit is cut and told apart by a hash of the whole.
fn marked(name: &str, what: &str) -> String {
    let suffix = format!("{MARK}{what}");
    if name.len() + suffix.len() <= MAX_BYTES {
        return format!("{name}{suffix}");
    }
    let hash = digest::digest(&digest::SHA256, name.as_bytes());
    let prefix = hash.as_ref().get(..4).unwrap_or_default();
    let hash = (prefix.iter()).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let room = MAX_BYTES - suffix.len() - hash.len() - 1;
    let end = name.floor_char_boundary(room);
    format!("{}_{hash}{suffix}", name.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let (first, second) = (
            format!("{}a", "é".repeat(31)),
            format!("{}b", "é".repeat(31)),
        );
        for name in [&first, &second] {
            assert!(replacement(name).len() <= MAX_BYTES);
            assert!(is_helper(&replacement(name)));
        }
        assert_ne!(replacement(&first), replacement(&second));
        assert_eq!(replacement("users_pkey"), "users_pkey__rowhouse_new");
    }
}
