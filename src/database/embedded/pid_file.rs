//! The server's `postmaster.pid`, held against the processes there are.

use std::fs;
use std::path::Path;
#[cfg(not(target_os = "linux"))]
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::POLL;

/// How long a file that makes no sense is watched: it may be just being written, or its process be about to vanish.
const SETTLING: Duration = Duration::from_secs(1);

/// What the file says of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PidFile {
    /// There is none.
    Absent,
    /// There is no process of that number. PostgreSQL itself takes over such a file, and looks for orphans first.
    Stale,
    /// It names no process, or one that is not this server: a dead one not yet collected, a stranger, a thread.
    /// PostgreSQL refuses to start on such a file.
    Misleading,
    /// The server runs, and does not accept connections yet or any more.
    Busy(Pid),
    /// The server accepts connections.
    Ready(Pid),
}

impl PidFile {
    /// Reads the file of the server of `data`.
    pub(super) fn read(data: &Path) -> Self {
        let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
            return Self::Absent;
        };
        let mut lines = text.lines().map(str::trim);
        let pid = lines.next().and_then(|line| line.parse().ok());
        let Some(pid) = pid.filter(|pid| *pid > 0).and_then(Pid::from_raw) else {
            return Self::Misleading;
        };
        match Process::find(pid, data) {
            Process::None => Self::Stale,
            Process::Other => Self::Misleading,
            // The eighth line is the status (`src/include/utils/pidfile.h` of PostgreSQL), the seventh after the pid.
            Process::Server if lines.nth(6) == Some("ready") => Self::Ready(pid),
            Process::Server => Self::Busy(pid),
        }
    }

    /// Reads the file, and removes it if it goes on to mislead.
    pub(super) fn settle(data: &Path) -> Self {
        let begun = Instant::now();
        loop {
            match Self::read(data) {
                Self::Misleading if begun.elapsed() < SETTLING => thread::sleep(POLL),
                Self::Misleading => {
                    // If it cannot be removed, the server says so better than we could.
                    let _ = fs::remove_file(data.join("postmaster.pid"));
                    return Self::Absent;
                }
                settled => return settled,
            }
        }
    }

    /// The running server, ready or not.
    pub(super) fn server(self) -> Option<Pid> {
        match self {
            Self::Busy(pid) | Self::Ready(pid) => Some(pid),
            Self::Absent | Self::Stale | Self::Misleading => None,
        }
    }
}

/// Whether `pid` is still the server of `data`, which removes its file a moment before it ends.
pub(super) fn is_server(pid: Pid, data: &Path) -> bool {
    matches!(Process::find(pid, data), Process::Server)
}

/// What a process number stands for.
enum Process {
    None,
    Server,
    Other,
}

impl Process {
    #[cfg(target_os = "linux")]
    fn find(pid: Pid, data: &Path) -> Self {
        let number = pid.as_raw_pid().to_string();
        let Ok(status) = fs::read_to_string(format!("/proc/{number}/status")) else {
            return Self::None;
        };
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim()
        };
        // A server works in its data directory. Root without CAP_SYS_PTRACE may not see where, and believes the name.
        let elsewhere = fs::read_link(format!("/proc/{number}/cwd")).is_ok_and(|cwd| cwd != data);
        // Threads have a status of their own, and a zombie has one until its parent collects it.
        let is_server = field("Name:").starts_with("postgres")
            && !field("State:").starts_with('Z')
            && field("Tgid:") == number
            && !elsewhere;
        if is_server { Self::Server } else { Self::Other }
    }

    #[cfg(not(target_os = "linux"))]
    fn find(pid: Pid, _data: &Path) -> Self {
        let number = pid.as_raw_pid().to_string();
        let listed = Command::new("ps")
            .args(["-o", "comm=", "-p", &number])
            .output()
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
            .unwrap_or_default();
        match listed.as_str() {
            "" => Self::None,
            name if name.contains("postgres") => Self::Server,
            _ => Self::Other,
        }
    }
}
