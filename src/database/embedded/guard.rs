//! The process between us and the server, which stops the server when its last user is gone, however it went.
//!
//! The death signal of Linux would not do: it follows the thread that started the server, and knows one user only.
//! The guard is forked from us rather than run as a program, so that test binaries can have one too. The child of a
//! program with threads may call little more than the system itself before it executes another program: here, it
//! allocates nothing and takes no lock.

#![expect(
    unsafe_code,
    reason = "forking, closing descriptors of unknown owners and ending without destructors have no safe form"
)]

use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::Errno;
use rustix::process::{
    Pid, Resource, Signal, WaitOptions, getrlimit, kill_process, setsid, waitpid,
};

/// Time between two looks at the server and at the lock.
const POLL: Duration = Duration::from_millis(100);

/// Descriptors closed at least and at most; the limit of a container may be a billion.
const DESCRIPTORS: (u64, u64) = (256, 65_536);

/// Makes `command` start a guard that starts the program, and stops it by SIGINT once `lock` has been free for `linger`.
pub(super) fn attach(command: &mut Command, lock: &[u8], linger: Duration) -> io::Result<()> {
    let lock = CString::new(lock)?;
    let polls = linger
        .as_millis()
        .div_ceil(POLL.as_millis())
        .saturating_add(1);
    // SAFETY: `divide` does in the child only what a signal handler may do.
    unsafe {
        command.pre_exec(move || divide(&lock, polls));
    }
    Ok(())
}

/// Forks once more: the new process returns, to become the server, and this one stays as its guard.
fn divide(lock: &CStr, polls: u128) -> io::Result<()> {
    // Away from the terminal: Ctrl-C is for the program, which stops the server when it has finished its work.
    setsid()?;
    // SAFETY: setting a disposition touches no memory. With SIGCHLD ignored, as we may have inherited it, no child
    // could be waited for.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    // SAFETY: there is one thread, and both processes keep to what a signal handler may do.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        child => Pid::from_raw(child).map_or(Ok(()), |server| watch(server, lock, polls)),
    }
}

/// Ends with the server, or ends it when nobody has held `lock` for that many polls.
fn watch(server: Pid, lock: &CStr, polls: u128) -> ! {
    close_all();
    ignore_polite_signals();
    // Its command line is that of the program; by name it can be told apart.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_name(c"pg-guard");
    // A description of its own: an inherited one would go on to hold our lock.
    let Ok(lock) = open(lock, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) else {
        stop(server)
    };
    let mut free = 0;
    loop {
        if has_ended(server, WaitOptions::NOHANG) {
            exit();
        }
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            free += 1;
            if free >= polls {
                // The lock stays ours, so that the next start waits until the server has ended.
                stop(server);
            }
            let _ = flock(&lock, FlockOperation::Unlock);
        } else {
            free = 0;
        }
        thread::sleep(POLL);
    }
}

/// Asks the server for a fast shutdown, waits for its end, and ends.
fn stop(server: Pid) -> ! {
    let _ = kill_process(server, Signal::INT);
    while !has_ended(server, WaitOptions::empty()) {}
    exit()
}

/// Whether the server has ended. If it cannot be waited for, it is not there.
fn has_ended(server: Pid, options: WaitOptions) -> bool {
    match waitpid(Some(server), options) {
        Ok(ended) => ended.is_some(),
        Err(error) => error != Errno::INTR,
    }
}

/// Lets go of what the program had open: connections of its clients, its locks, the pipe its parent waits on.
fn close_all() {
    let (least, most) = DESCRIPTORS;
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(most);
    let limit = i32::try_from(limit.clamp(least, most)).unwrap_or(i32::MAX);
    for descriptor in 0..limit {
        // SAFETY: nothing in this process uses a descriptor opened before, and it never returns to code that would.
        unsafe { libc::close(descriptor) };
    }
}

/// Outlives the signals that ask a whole group or service to end; the server hears them too, and ends when it may.
fn ignore_polite_signals() {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
        // SAFETY: setting a disposition touches no memory.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Ends without running what the program has registered for its own end.
fn exit() -> ! {
    // SAFETY: ending the process leaves nobody to see its memory.
    unsafe { libc::_exit(0) }
}
