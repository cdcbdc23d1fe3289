//! Whom the server runs as: ourselves, or for root, whom PostgreSQL refuses, somebody else.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::process::geteuid;

use super::EmbeddedError;

/// Who does the server's work when we are root and nobody is named, the first who exists.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// Whom the server, and everything that makes its data, runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ServerUser {
    /// We are not root.
    Ourselves,
    /// We are root.
    Other { name: String, uid: u32, gid: u32 },
}

impl ServerUser {
    /// For root the user `named`, else the owner of the data in `directory`, else the first candidate there is.
    pub(super) fn choose(named: Option<&str>, directory: &Path) -> Result<Self, EmbeddedError> {
        if !geteuid().is_root() {
            return Ok(Self::Ourselves);
        }
        if let Some(name) = named {
            return Self::named(name).ok_or_else(|| no_server_user(name));
        }
        Self::owner(&directory.join("pgdata"))
            .or_else(|| CANDIDATES.iter().find_map(|name| Self::named(name)))
            .ok_or_else(|| no_server_user("postgres"))
    }

    fn owner(data: &Path) -> Option<Self> {
        let data = fs::metadata(data).ok()?;
        (data.uid() != 0).then(|| Self::Other {
            name: format!("uid {}", data.uid()),
            uid: data.uid(),
            gid: data.gid(),
        })
    }

    fn named(name: &str) -> Option<Self> {
        let users = fs::read_to_string("/etc/passwd").ok()?;
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let found = fields.next().filter(|found| *found == name)?;
            let mut ids = fields.skip(1).map(str::parse);
            Some(Self::Other {
                name: found.to_owned(),
                uid: ids.next()?.ok()?,
                gid: ids.next()?.ok()?,
            })
        })
    }

    /// Name for messages.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Ourselves => "of this program",
            Self::Other { name, .. } => name,
        }
    }

    /// User and group to give files to; `None` if they are ours anyway.
    pub(super) fn ids(&self) -> Option<(u32, u32)> {
        match self {
            Self::Ourselves => None,
            Self::Other { uid, gid, .. } => Some((*uid, *gid)),
        }
    }

    /// The user who owns what the server owns.
    pub(super) fn uid(&self) -> u32 {
        self.ids().map_or(geteuid().as_raw(), |(uid, _)| uid)
    }

    /// A command of this user, with nothing of ours that could reach PostgreSQL by the environment.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        // Messages in English; and on macOS the server refuses to start where no locale is set.
        command.env("LC_ALL", "C").current_dir("/");
        if let Some((uid, gid)) = self.ids() {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Whether this user can enter `directory`: asked of the system, which knows of access lists and mounts.
    pub(super) fn reaches(&self, directory: &Path) -> bool {
        *self == Self::Ourselves
            || self
                .command("/bin/sh")
                .args(["-c", ":"])
                .current_dir(directory)
                .status()
                .is_ok_and(|status| status.success())
    }
}

fn no_server_user(name: &str) -> EmbeddedError {
    EmbeddedError::NoServerUser {
        name: name.to_owned(),
    }
}
