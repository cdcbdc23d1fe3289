//! The way out of the running program: a signal, requests under way, the end (rule 96).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use test_app::{SERVER_ARGUMENTS, TestDatabase};

const BODY: &str = r#"{"email":"nobody@platform.example","password":"no password"}"#;

/// The program, killed where a test fails in the middle.
pub(crate) struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended by itself where all went well.
        let _ = self.0.kill();
    }
}

impl Program {
    /// Starts the program on a free port, and gives its address once it serves.
    pub(crate) fn serve(database: &TestDatabase) -> (Self, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rowhouse"))
            .arg("serve")
            .args(SERVER_ARGUMENTS)
            .env("DATABASE_URL", database.url())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("serves on http://")?;
            rest.split_once(' ').map(|(address, _)| address.to_owned())
        });
        (Self(child), address.unwrap())
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    fn terminate(&self) {
        let pid = Pid::from_child(&self.0);
        kill_process(pid, Signal::TERM).unwrap();
    }
}

/// Begins a request, and returns when the server waits for its body.
fn begin_request(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /api/v1/platform/auth/login HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        BODY.len()
    )
    .unwrap();
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_program_stops() {
    let database = TestDatabase::create().await;
    let (mut program, address) = Program::serve(&database);
    let mut stream = begin_request(&address);
    program.terminate();
    let is_refused = || {
        sleep(Duration::from_millis(10));
        TcpStream::connect(&address).is_err()
    };
    assert!(
        (0..500).any(|_| is_refused()),
        "new clients are still taken"
    );
    stream.write_all(BODY.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("invalid_credentials"), "{answer}");
    assert!(program.0.wait().unwrap().success());
}
