//! How an upgrade goes, said on stderr step by step.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::OnceLock;

use super::plan::view::counted;
use crate::provisioner::apply::Applied;
use crate::provisioner::apply::options::{Observer, StepEvent};

/// An observer that says on stderr what waits and ends.
pub fn on_stderr() -> Observer {
    let names: OnceLock<Vec<String>> = OnceLock::new();
    Observer::new(move |event| {
        if let StepEvent::Planned { steps } = event {
            names.get_or_init(|| steps.clone());
        }
        let names = names.get().map_or(&[][..], Vec::as_slice);
        if let Some(line) = line(event, names) {
            // Nobody can be told that nobody can be told.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    })
}

/// What an upgrade came to, in one line.
pub fn summary(subject: &str, applied: &Applied) -> String {
    let Applied {
        steps_run,
        steps_skipped,
        rows_backfilled,
        retries,
        duration,
        ..
    } = applied;
    let mut text = format!(
        "{subject}: {} in {:.1} s",
        counted(*steps_run, "step"),
        duration.as_secs_f64()
    );
    for (count, what) in [
        (
            u64::try_from(*steps_skipped).unwrap_or(u64::MAX),
            "done before",
        ),
        (*rows_backfilled, "rows backfilled"),
        (u64::from(*retries), "times tried again"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    text
}

fn line(event: &StepEvent, names: &[String]) -> Option<String> {
    let of = names.len();
    let name = |position: usize| names.get(position).map_or("", String::as_str);
    let place = |position: usize| format!("{}/{of} {}", position + 1, name(position));
    Some(match event {
        StepEvent::Planned { .. } | StepEvent::Started { .. } => return None,
        StepEvent::Skipped { position } => format!("{}: done before", place(*position)),
        StepEvent::Contended { position, reason } => {
            format!("{}: no lock yet ({reason}), tries again", place(*position))
        }
        StepEvent::Batch {
            position,
            next_page,
            pages,
            ..
        } => {
            format!("{}: page {next_page} of {pages}", place(*position))
        }
        StepEvent::Finished { position, duration } => {
            format!("{}: {:.3} s", place(*position), duration.as_secs_f64())
        }
    })
}
