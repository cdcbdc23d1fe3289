//! Backfills: changes of rows that no comparison of structures can know, each with a number and a name.
//!
//! A value that has to be there before the structure may demand it is given in three moves, which one upgrade makes in
//! this order: *expand* adds what is new in a form that existing rows meet, the *backfill* fills the rows, *contract*
//! demands it and takes away what is old. A default is no backfill: a new column with one needs none.

/// A change of a tenant's rows, made a few pages at a time beside the tenant's own work.
///
/// Once it is released it stays as it is, for some tenants have had it: what it got wrong is mended by the next one.
///
/// ```
/// use tenant_schema::backfill::Backfill;
///
/// // `full_name` is new and about to be required; `first_name` and `last_name` go.
/// const FULL_NAMES: Backfill = Backfill {
///     number: 1,
///     name: "full names of users",
///     table: "users",
///     set: "full_name = concat_ws(' ', first_name, last_name)",
///     condition: "full_name IS NULL",
/// };
/// # assert_eq!(FULL_NAMES.number, 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backfill {
    /// Its place: backfills run in the order of their numbers.
    pub number: u32,
    /// The name under which its progress is kept. Never reused.
    pub name: &'static str,
    /// The table.
    pub table: &'static str,
    /// What follows `SET`, as SQL without a schema's name.
    pub set: &'static str,
    /// The rows that still need it. A row that was updated must not match any more.
    pub condition: &'static str,
}

/// All backfills, in the order of their numbers.
pub fn backfills() -> &'static [Backfill] {
    &[]
}
