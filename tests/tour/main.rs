//! The README's tour, run as it is written, on a demo of its own.
#![expect(
    clippy::unwrap_used,
    reason = "a tour that cannot be walked fails the test"
)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use test_app::TestDatabase;

/// A running demo, stopped by its process id.
struct Demo {
    process: Child,
    port: u16,
}

impl Demo {
    /// Starts the demo and waits until it has printed the end of its tour.
    fn start(database: &TestDatabase, folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut process = Command::new(env!("CARGO_BIN_EXE_rowhouse"))
            .args(["demo", "--password-cost", "4", "--port", &port.to_string()])
            .env("DATABASE_URL", database.url())
            .env("DATA_DIR", folder)
            .env("LOG_LEVEL", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = BufReader::new(process.stdout.take().unwrap()).lines();
        printed
            .map(Result::unwrap)
            .find(|line| line.contains("/tenants/globex/users"))
            .unwrap();
        Self { process, port }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The commands under the README's heading of that name.
fn commands_of(heading: &str) -> String {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once(heading).unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

#[tokio::test]
async fn the_tour_of_the_readme_works_as_written() {
    let database = TestDatabase::create().await;
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&database, folder.path());
    let script = commands_of("## A first tour")
        .replace(
            "data/demo.env",
            folder.path().join("demo.env").to_str().unwrap(),
        )
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{}", demo.port))
        .replace(
            "cargo run -q --bin provision --",
            env!("CARGO_BIN_EXE_provision"),
        );
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script])
        .env("DATABASE_URL", database.url());
    let output = bash.env("PASSWORD_COST", "4").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{printed}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        printed.matches(r#""message":"users""#).count(),
        2,
        "{printed}"
    );
    assert!(
        printed.contains("HTTP/1.1 401") && printed.contains(r#""code":"tenant_mismatch""#),
        "{printed}"
    );
    assert!(
        printed.contains(r#""slug":"initech""#) && printed.contains("Initech"),
        "{printed}"
    );
}

#[tokio::test]
async fn a_second_start_of_the_demo_keeps_the_data_and_the_passwords() {
    let database = TestDatabase::create().await;
    let folder = tempfile::tempdir().unwrap();
    drop(Demo::start(&database, folder.path()));
    let kept = std::fs::read_to_string(folder.path().join("demo.env")).unwrap();
    drop(Demo::start(&database, folder.path()));
    assert_eq!(
        std::fs::read_to_string(folder.path().join("demo.env")).unwrap(),
        kept
    );
    let client = database.client().await;
    let row = client
        .query_one("SELECT count(*) FROM shared.tenants", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, i64>(0), 2);
}
