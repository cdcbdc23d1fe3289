//! The directory of the server's socket, which is the root unless its path does not fit.

use std::fs;
use std::path::{Path, PathBuf};

use super::EmbeddedError;
use super::root::{Root, create_private, hash};

/// Part of the socket's name; there is no TCP port.
pub(super) const PORT: &str = "5432";

/// Longest directory of a socket in bytes: `sun_path` has 104 on macOS and 108 on Linux, and the name takes up to 20.
const LONGEST: usize = 80;

/// A directory whose path is short and plain, so that `-k`, which takes a list, and the URL need no quoting.
#[derive(Debug)]
pub(super) struct SocketDirectory {
    path: String,
    is_root: bool,
}

impl SocketDirectory {
    /// The root itself, or a directory of the server's user in `/tmp`, named by a hash of the root.
    pub(super) fn prepare(root: &Root) -> Result<Self, EmbeddedError> {
        if let Some(path) = root.path().to_str().filter(|path| is_plain(path)) {
            return Ok(Self {
                path: path.to_owned(),
                is_root: true,
            });
        }
        let path = format!("/tmp/rowhouse-{}", hash(root.path()));
        create_private(Path::new(&path), root.user()).map_err(|source| {
            EmbeddedError::Unwritable {
                directory: PathBuf::from(&path),
                source,
            }
        })?;
        Ok(Self {
            path,
            is_root: false,
        })
    }

    /// The path, of plain characters.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// URL of the database `name` for the role of that name.
    pub(super) fn url(&self, name: &str) -> String {
        let host = self.path.replace('/', "%2F");
        format!("postgres://{name}@{host}:{PORT}/{name}")
    }

    /// Takes the directory away if it was made for the socket alone.
    pub(super) fn remove(&self) {
        if !self.is_root {
            // It is empty once the server is gone. If not, the next start uses it again.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

fn is_plain(path: &str) -> bool {
    path.len() <= LONGEST
        && path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte))
}
