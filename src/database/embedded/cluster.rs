//! The data of a new server: made aside and renamed, so that a kill at any moment leaves nothing half made.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

use super::binaries::Binaries;
use super::root::Root;
use super::{Durability, EmbeddedError, NAME};

/// What takes another role in the middle of one statement, and what is allowed by it: the function that changes a
/// setting, and the language of `DO` blocks.
const ROLE_CHANGERS: [(&str, &str); 2] = [
    (
        "EXECUTE",
        "FUNCTION pg_catalog.set_config(text, text, boolean)",
    ),
    ("USAGE", "LANGUAGE plpgsql"),
];

/// What the names of unfinished data start with.
const UNFINISHED: &str = "pgdata.new.";

/// Major version that made the data of `root`; `None` if there is none.
pub(super) fn major(root: &Root) -> Option<u32> {
    let version = fs::read_to_string(root.data().join("PG_VERSION")).ok()?;
    version.trim().parse().ok()
}

/// Makes the data, with the role and the database of [`NAME`] in it.
pub(super) fn create(
    binaries: &Binaries,
    root: &Root,
    durability: Durability,
) -> Result<(), EmbeddedError> {
    let data = unfinished(root).map_err(|source| root.unwritable(source))?;
    initialize(binaries, root, &data)?;

    let mut single = root.user().command(binaries.program("postgres"));
    single
        .args(["--single", "-F", "-D"])
        .arg(&data)
        .arg("template1");
    run(single, &setup())?;

    if durability == Durability::Durable {
        // Once for all that both programs wrote without waiting for the disk.
        let mut sync = root.user().command(binaries.program("initdb"));
        sync.arg("--sync-only").arg("-D").arg(&data);
        run(sync, "")?;
    }
    fs::rename(&data, root.data())
        .and_then(|()| File::open(root.path())?.sync_all())
        .map_err(|source| root.unwritable(source))
}

/// The statements that new data are set up with. In the template, so that they hold for the databases made from it:
/// tenants' roles do without [`ROLE_CHANGERS`].
pub(super) fn setup() -> String {
    let mut statements = vec![format!("CREATE ROLE {NAME} LOGIN CREATEDB CREATEROLE")];
    for (right, object) in ROLE_CHANGERS {
        statements.push(format!("REVOKE {right} ON {object} FROM PUBLIC"));
        statements.push(format!("GRANT {right} ON {object} TO {NAME}"));
    }
    statements.push(format!("CREATE DATABASE {NAME} OWNER {NAME}\n"));
    statements.join("\n")
}

/// A path for new data. It is named by our process, as an `initdb` whose starter was killed may still be writing.
fn unfinished(root: &Root) -> io::Result<PathBuf> {
    for entry in fs::read_dir(root.path())? {
        let entry = entry?;
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(UNFINISHED.as_bytes())
        {
            // What cannot be removed today is in nobody's way, and is removed by another start.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(root.path().join(format!("{UNFINISHED}{}", process::id())))
}

/// Runs `initdb`. The locale folds the case of all letters, as `C` alone does not, and sorts by code point.
fn initialize(binaries: &Binaries, root: &Root, data: &Path) -> Result<(), EmbeddedError> {
    let initdb = |locale: &[&str]| {
        let mut initdb = root.user().command(binaries.program("initdb"));
        initdb
            .args(["-U", "postgres", "-E", "UTF8", "-A", "trust"])
            .args(["--no-instructions", "--no-sync"])
            .args(locale)
            .arg("-D")
            .arg(data);
        run(initdb, "")
    };
    if binaries.major() >= 17 {
        return initdb(&[
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]);
    }
    // macOS has had this locale only since version 15. `initdb` removes what it could not finish.
    initdb(&["--locale=C.UTF-8"]).or_else(|_| initdb(&["--locale=C"]))
}

/// Runs a program to its end with `input`.
fn run(mut command: Command, input: &str) -> Result<(), EmbeddedError> {
    let program = PathBuf::from(command.get_program());
    let failed = |output: String| EmbeddedError::NotCreated { program, output };
    let finished = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            if let Some(mut stdin) = child.stdin.take() {
                // A program that does not read on says why when it ends.
                let _ = stdin.write_all(input.as_bytes());
            }
            child.wait_with_output()
        });
    match finished {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            Err(failed(String::from_utf8_lossy(&said).trim().to_owned()))
        }
        Err(error) => Err(failed(error.to_string())),
    }
}
