//! What the kernel knows of a process: its CPU time, its memory, its children. Read from `/proc`, so on Linux alone.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::Context;

/// What `/proc/<pid>/stat` counts in: `USER_HZ`, which is 100 on every platform that Linux shows it on (proc(5)).
const TICK: Duration = Duration::from_millis(10);

/// CPU time, user and system, that a process has used. Zero where there is no such process or no `/proc`.
pub(crate) fn cpu(pid: u32) -> Duration {
    let field = |number: usize| {
        stat(pid)
            .and_then(|fields| fields.get(number)?.parse::<u32>().ok())
            .unwrap_or_default()
    };
    // Fields 14 and 15 of proc(5); the first two are cut off with the name.
    TICK * field(11).saturating_add(field(12))
}

/// The process that started this one.
pub(crate) fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.get(1)?.parse().ok()
}

/// The fields after the name, which may hold spaces.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}

/// Processes that `parent` has started, each with its CPU time so far.
pub(crate) fn children_cpu(parent_pid: u32) -> BTreeMap<u32, Duration> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| parent(*pid) == Some(parent_pid))
        .map(|pid| (pid, cpu(pid)))
        .collect()
}

/// CPU time between two looks at the same processes, of which some may be new.
pub(crate) fn spent(before: &BTreeMap<u32, Duration>, after: &BTreeMap<u32, Duration>) -> Duration {
    let of = |(pid, cpu): (&u32, &Duration)| {
        cpu.saturating_sub(before.get(pid).copied().unwrap_or_default())
    };
    after.iter().map(of).sum()
}

/// Memory of a process in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// What lies in memory, shared pages included.
    pub(crate) resident: u64,
    /// What lies in memory and belongs to this process alone.
    pub(crate) private: u64,
}

/// The memory of a process.
///
/// # Errors
/// A process that is gone or belongs to somebody else.
pub(crate) fn memory(pid: u32) -> anyhow::Result<Memory> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).with_context(|| format!("Failed to read `{path}`"))?;
    let kilobytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let figure = line.and_then(|line| line.trim().strip_suffix(" kB"));
        figure
            .and_then(|figure| figure.parse::<u64>().ok())
            .unwrap_or_default()
    };
    Ok(Memory {
        resident: kilobytes("Rss:") * 1_024,
        private: (kilobytes("Private_Clean:") + kilobytes("Private_Dirty:")) * 1_024,
    })
}

/// The processors of this machine, in words.
pub(crate) fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{count} × {model}")
}
