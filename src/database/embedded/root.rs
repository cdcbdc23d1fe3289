//! The directory of one embedded server: where it is, whose it is, and the files we open in it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{
    DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown, symlink,
};
use std::path::{self, Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

use super::EmbeddedError;
use super::server_user::ServerUser;

/// Where root keeps the data of directories that the server's user cannot reach.
const FALLBACK: &str = "/var/lib/rowhouse";

/// Any of these marks a directory as one of ours.
const MARKS: [&str; 2] = ["pgdata", "users.lock"];

/// The directory, owned by the server's user and closed to everybody else.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    user: ServerUser,
}

impl Root {
    /// Makes `wanted` ready for `user`, or a directory below `/var/lib/rowhouse` with `wanted` as a link to it.
    pub(super) fn prepare(wanted: &Path, user: ServerUser) -> Result<Self, EmbeddedError> {
        let path = locate(wanted)?;
        let is_reachable = user.reaches(path.parent().unwrap_or(&path));
        match Contents::of(&path)? {
            Contents::Foreign => Err(EmbeddedError::Occupied { directory: path }),
            Contents::Nothing if !is_reachable => Self::fall_back(&path, user),
            Contents::Ours if !is_reachable => Err(EmbeddedError::Unreachable {
                directory: path,
                user: user.name().to_owned(),
            }),
            Contents::Nothing | Contents::Ours => Self::claim(path, user),
        }
    }

    fn fall_back(wanted: &Path, user: ServerUser) -> Result<Self, EmbeddedError> {
        let parent = Path::new(FALLBACK);
        if fs::create_dir(parent).is_ok() {
            // Whatever the mask of this program is, the server's user has to get through.
            fs::set_permissions(parent, Permissions::from_mode(0o755))
                .map_err(unwritable(parent))?;
        }
        let path = parent.join(hash(wanted));
        if let Contents::Foreign = Contents::of(&path)? {
            return Err(EmbeddedError::Occupied { directory: path });
        }
        let root = Self::claim(path, user)?;
        // The link is for people; a start without it finds the same place. Another program may be making it as well.
        let _ = fs::remove_dir(wanted);
        let _ = symlink(root.path(), wanted);
        Ok(root)
    }

    fn claim(path: PathBuf, user: ServerUser) -> Result<Self, EmbeddedError> {
        fs::create_dir_all(&path)
            .and_then(|()| own(&path, &user))
            .map_err(unwritable(&path))?;
        Ok(Self { path, user })
    }

    /// The canonical path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whom the directory belongs to.
    pub(super) fn user(&self) -> &ServerUser {
        &self.user
    }

    /// PostgreSQL's own directory.
    pub(super) fn data(&self) -> PathBuf {
        self.path.join("pgdata")
    }

    /// What the server writes.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }

    /// Opens the file `name` for reading and appending, made if it is missing, and gives it to the server's user.
    pub(super) fn open(&self, name: &str) -> Result<File, EmbeddedError> {
        let path = self.path.join(name);
        let open = || {
            // The directory is the server user's, who could leave a link there for root to follow.
            let file = OpenOptions::new()
                .create(true)
                .read(true)
                .append(true)
                .mode(0o600)
                .custom_flags(libc::O_NOFOLLOW)
                .open(&path)?;
            if let Some((uid, gid)) = self.user.ids() {
                fchown(&file, Some(uid), Some(gid))?;
            }
            Ok(file)
        };
        open().map_err(unwritable(&path))
    }

    /// The error for what went wrong with a file in this directory.
    pub(super) fn unwritable(&self, source: io::Error) -> EmbeddedError {
        unwritable(&self.path)(source)
    }
}

/// Makes a directory that only `user` can enter, or one that was made so before; not one that somebody else made.
pub(super) fn create_private(path: &Path, user: &ServerUser) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(path)?;
    let owners = [rustix::process::geteuid().as_raw(), user.uid()];
    if !found.is_dir() || !owners.contains(&found.uid()) {
        return Err(io::Error::other("it belongs to somebody else"));
    }
    own(path, user)
}

/// What a directory holds.
enum Contents {
    /// Nothing, or it does not exist.
    Nothing,
    /// What an earlier start has left.
    Ours,
    /// Something else.
    Foreign,
}

impl Contents {
    fn of(path: &Path) -> Result<Self, EmbeddedError> {
        // Looked into before the marks: another program may be leaving them right now.
        let is_empty = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(unwritable(path)(error)),
        };
        Ok(if is_empty {
            Self::Nothing
        } else if MARKS.iter().any(|mark| path.join(mark).exists()) {
            Self::Ours
        } else {
            Self::Foreign
        })
    }
}

/// First 16 hexadecimal digits of the SHA-256 of a path: the same in every version of this program.
pub(super) fn hash(path: &Path) -> String {
    let digest = digest(&SHA256, path.as_os_str().as_bytes());
    let start = digest.as_ref().first_chunk().copied();
    format!("{:016x}", start.map_or(0, u64::from_be_bytes))
}

/// Canonical path of `wanted`, which need not exist; its parent is made.
fn locate(wanted: &Path) -> Result<PathBuf, EmbeddedError> {
    // A link is followed by hand, since its target may be gone and have to be made anew.
    let place = match fs::read_link(wanted) {
        Ok(target) => wanted.parent().unwrap_or(Path::new("")).join(target),
        Err(_) => wanted.to_path_buf(),
    };
    let located = || {
        let place = path::absolute(&place)?;
        match (place.parent(), place.file_name()) {
            (Some(parent), Some(name)) if !place.exists() => {
                fs::create_dir_all(parent)?;
                Ok(fs::canonicalize(parent)?.join(name))
            }
            _ => fs::canonicalize(&place),
        }
    };
    located().map_err(unwritable(wanted))
}

/// Gives a directory to `user` alone, touching it only where it differs.
fn own(path: &Path, user: &ServerUser) -> io::Result<()> {
    let found = fs::metadata(path)?;
    if let Some((uid, gid)) = user.ids()
        && (found.uid(), found.gid()) != (uid, gid)
    {
        chown(path, Some(uid), Some(gid))?;
    }
    if found.permissions().mode() & 0o777 != 0o700 {
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn unwritable(directory: &Path) -> impl FnOnce(io::Error) -> EmbeddedError {
    let directory = directory.to_owned();
    |source| EmbeddedError::Unwritable { directory, source }
}
