//! The time by the database's clock.

diesel::define_sql_function! {
    /// The time now, not the time at which the transaction began, which may have waited for others: two changes never share it.
    fn clock_timestamp() -> diesel::sql_types::Timestamptz;
}
