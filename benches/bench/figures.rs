//! Rates, percentiles and medians of what was measured.

use std::time::Duration;

/// A count as a number to calculate with. More than 2³² are taken for 2³².
pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The value below which a share of `sorted` values lies: `percent` of 50 is the median. Zero where there is none.
pub(crate) fn at_percent(sorted: &[u32], percent: usize) -> u32 {
    let last = sorted.len().saturating_sub(1);
    let position = (sorted.len().saturating_mul(percent) / 100).min(last);
    sorted.get(position).copied().unwrap_or_default()
}

/// As [`at_percent`], of values in microseconds.
pub(crate) fn percentile(sorted: &[u32], percent: usize) -> Duration {
    Duration::from_micros(at_percent(sorted, percent).into())
}

/// The middle value. Zero where there is none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// A duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
