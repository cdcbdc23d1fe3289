//! A server that starts: its data, its users, and the ways it can be lost and found.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rowhouse::database::embedded::{EmbeddedServer, EmbeddedSettings};

use crate::scratch::{Scratch, assert_ends, kill, postmaster, query, settings};

#[test]
fn a_second_start_finds_the_data_of_the_first() {
    let scratch = Scratch::new("second_start");
    // With the settings of a real installation, so that its syncs are tried as well.
    let settings = EmbeddedSettings::at(scratch.directory());

    let first = EmbeddedServer::start(&settings).unwrap();
    assert!(first.is_first_start());
    query(first.url(), "CREATE TABLE kept AS SELECT 'here' AS word");
    let server = postmaster(first.root());
    drop(first);
    assert_ends(server);

    let second = EmbeddedServer::start(&settings).unwrap();
    assert!(!second.is_first_start());
    assert_eq!(query(second.url(), "SELECT word FROM kept"), "here");
    assert_eq!(query(second.url(), "SHOW fsync"), "on");
    assert_eq!(query(second.url(), "SHOW synchronous_commit"), "off");
}

#[test]
fn the_role_may_make_databases_and_roles_and_is_no_superuser() {
    let scratch = Scratch::new("role");
    let server = scratch.start();
    let rights = "SELECT concat_ws(' ', rolcreatedb, rolcreaterole, rolcanlogin, rolsuper)
                  FROM pg_roles WHERE rolname = current_user";
    assert_eq!(query(server.url(), rights), "t t t f");
    assert_eq!(query(server.url(), "SELECT current_database()"), "rowhouse");
    assert_eq!(query(server.url(), "SELECT lower('ÀÉ')"), "àé");
    assert_eq!(query(server.url(), "SHOW listen_addresses"), "");
    assert_eq!(query(server.url(), "SHOW max_connections"), "200");
}

#[test]
fn the_role_alone_can_take_another_role_in_the_middle_of_a_statement() {
    let scratch = Scratch::new("role_changers");
    let server = scratch.start();
    query(server.url(), "CREATE DATABASE another");
    let (address, _) = server.url().rsplit_once('/').unwrap();
    let another = format!("{address}/another");
    let allowed = "SELECT string_agg(concat_ws(' ', role,
               has_function_privilege(role, 'set_config(text, text, boolean)', 'EXECUTE'),
               has_language_privilege(role, 'plpgsql', 'USAGE')), ', ' ORDER BY role)
          FROM (VALUES ('public'), ('rowhouse')) roles(role)";
    for url in [server.url(), &another] {
        assert_eq!(query(url, allowed), "public f f, rowhouse t t");
    }
    assert_eq!(query(&another, "SELECT current_database()"), "another");
}

#[test]
fn settings_given_win_over_ours() {
    let scratch = Scratch::new("extra");
    let mut settings = scratch.settings();
    settings.extra.push(("max_connections".into(), "20".into()));
    let server = EmbeddedServer::start(&settings).unwrap();
    assert_eq!(query(server.url(), "SHOW max_connections"), "20");
    assert_eq!(query(server.url(), "SHOW fsync"), "off");
}

#[test]
fn the_last_of_two_users_stops_the_server() {
    let scratch = Scratch::new("two_users");
    let first = scratch.start();
    let second = scratch.start();
    let server = postmaster(first.root());
    assert!(!second.is_first_start());
    assert_eq!(first.url(), second.url());

    drop(first);
    assert_eq!(query(second.url(), "SELECT 1"), "1");
    assert_eq!(postmaster(second.root()), server);

    drop(second);
    assert_ends(server);
}

#[test]
fn idle_connections_do_not_hold_up_the_stop() {
    let scratch = Scratch::new("idle_connections");
    let mut server = scratch.start();
    let pid = postmaster(server.root());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_client, connection) = runtime
        .block_on(tokio_postgres::connect(server.url(), tokio_postgres::NoTls))
        .unwrap();
    runtime.spawn(connection);

    let begun = Instant::now();
    server.stop();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(2), "the stop took {took:?}");
    assert_ends(pid);
}

#[test]
fn a_lingering_server_is_found_by_the_next_user() {
    let scratch = Scratch::new("linger");
    let mut settings = scratch.settings();
    settings.linger = Duration::from_mins(1);
    let first = EmbeddedServer::start(&settings).unwrap();
    let server = postmaster(first.root());
    drop(first);

    let second = scratch.start();
    assert_eq!(postmaster(second.root()), server);
    // This one is not to linger.
    drop(second);
    assert_ends(server);
}

#[test]
fn stale_and_damaged_pid_files_are_survived() {
    let scratch = Scratch::new("pid_files");
    let root = scratch.start().root().to_owned();
    // A process that is not there, one that is somebody else, and nothing at all.
    for stale in ["4194303\n", &format!("{}\n", std::process::id()), ""] {
        fs::write(root.join("pgdata/postmaster.pid"), stale).unwrap();
        let server = scratch.start();
        assert_eq!(query(server.url(), "SELECT 1"), "1");
    }
}

#[test]
fn a_server_killed_outright_recovers_at_the_next_start() {
    let scratch = Scratch::new("recovery");
    let first = scratch.start();
    // Otherwise the last second before a crash may be lost.
    let kept = "SET synchronous_commit = on; CREATE TABLE kept AS SELECT 'here' AS word";
    query(first.url(), kept);
    let server = postmaster(first.root());
    kill(server);
    assert_ends(server);

    let second = scratch.start();
    assert_ne!(postmaster(second.root()), server);
    assert_eq!(query(second.url(), "SELECT word FROM kept"), "here");
    // The handle of the lost server leads to the new one.
    assert_eq!(query(first.url(), "SELECT word FROM kept"), "here");
}

#[test]
fn a_long_path_with_spaces_and_commas_works() {
    let scratch = Scratch::new("a path, with all that a person's disk may have");
    let directory = scratch.directory().join("deep ".repeat(20)).join("ü");
    let server = EmbeddedServer::start(&settings(&directory)).unwrap();
    let pid = postmaster(server.root());
    assert_eq!(query(server.url(), "SELECT 1"), "1");
    // The socket of so deep a place is kept in one of its own.
    let (_, host) = server.url().split_once('@').unwrap();
    let (host, _) = host.split_once(':').unwrap();
    let socket = host.replace("%2F", "/");
    assert!(Path::new(&socket).join(".s.PGSQL.5432").exists());
    drop(server);
    assert_ends(pid);
    assert!(!Path::new(&socket).exists(), "`{socket}` is left");
}

#[test]
fn data_wanted_below_a_private_directory_is_found_again() {
    let scratch = Scratch::new("private");
    // For root, whose server runs as somebody else, this place is out of reach, and the data is kept elsewhere.
    let parent = scratch.directory().parent().unwrap();
    fs::set_permissions(parent, fs::Permissions::from_mode(0o700)).unwrap();

    let first = scratch.start();
    let root = first.root().to_owned();
    assert_eq!(fs::canonicalize(scratch.directory()).unwrap(), root);
    query(first.url(), "CREATE TABLE kept AS SELECT 'here' AS word");
    drop(first);

    let second = scratch.start();
    assert_eq!(second.root(), root);
    assert_eq!(query(second.url(), "SELECT word FROM kept"), "here");
}

#[test]
fn eight_users_at_once_share_one_new_server() {
    let scratch = Scratch::new("eight_users");
    let servers: Vec<EmbeddedServer> = thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| scratch.start())).collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    let makers = servers.iter().filter(|server| server.is_first_start());
    assert_eq!(makers.count(), 1);
    let pid = postmaster(servers.first().unwrap().root());
    for server in &servers {
        assert_eq!(query(server.url(), "SELECT 1"), "1");
    }
    drop(servers);
    assert_ends(pid);
}

/// Names the directory to the process that is to be killed in the test below, which is this program again.
const VICTIM: &str = "ROWHOUSE_TEST_VICTIM";

#[test]
fn a_program_killed_outright_takes_its_server_along() {
    if let Some(directory) = env::var_os(VICTIM) {
        let _server = EmbeddedServer::start(&settings(Path::new(&directory))).unwrap();
        writeln!(io::stdout(), "ready").unwrap();
        loop {
            thread::park();
        }
    }
    let scratch = Scratch::new("killed_program");
    let mut victim = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("server::a_program_killed_outright_takes_its_server_along")
        .env(VICTIM, scratch.directory())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(victim.stdout.take().unwrap());
    let is_ready = output.lines().any(|line| line.unwrap().contains("ready"));
    assert!(is_ready, "the program ended before its server was ready");
    let server = postmaster(scratch.directory());

    victim.kill().unwrap();
    victim.wait().unwrap();
    assert_ends(server);
}
