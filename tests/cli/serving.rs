//! `rowhouse serve` from its first line to its end.

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::json;
use test_app::{PASSWORD, PLATFORM_ADMIN};

use super::rowhouse::Rowhouse;
use super::shell::{Outcome, Shell};

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let shell = Shell::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let command = Rowhouse::command(&shell, &["--port", &port]);
    Outcome::of(&mut assert_cmd::Command::from(command)).assert_refused(
        1,
        &format!("error: port {port} of `127.0.0.1` is taken by another program (hint: stop it, or choose another port with `--port`)"),
    );
}

#[tokio::test]
async fn an_empty_platform_is_opened_with_a_token_that_works_once() {
    let shell = Shell::open().await;
    let rowhouse = Rowhouse::serve(&shell);
    let token = rowhouse
        .printed
        .iter()
        .find(|line| line.starts_with("bt1."));
    let body = json!({ "token": token.unwrap(), "email": PLATFORM_ADMIN, "password": PASSWORD });
    let path = "/api/v1/platform/bootstrap";
    let anonymous = rowhouse.anonymous();
    let first = anonymous.post(path, &body).await;
    assert_eq!(first.status, 201, "{first:#?}");
    let second = anonymous.post(path, &body).await;
    assert!(second.status.is_client_error(), "{second:#?}");
    anonymous.log_in_to_platform(PLATFORM_ADMIN, PASSWORD).await;
    assert!(rowhouse.stop(Signal::TERM).success());

    let again = Rowhouse::serve(&shell);
    assert_eq!(again.printed, Vec::<String>::new());
}

#[tokio::test]
async fn a_tenant_that_is_created_meanwhile_is_served_at_once() {
    let shell = Shell::open().await;
    let rowhouse = Rowhouse::serve(&shell);
    let arguments = ["tenant", "create", "--slug", "acme", "--password-stdin"];
    let created = Outcome::of(shell.provision(&arguments).write_stdin(PASSWORD));
    assert_eq!(created.code, Some(0), "{created:#?}");
    let admin = rowhouse.anonymous().log_in("acme", "admin", PASSWORD).await;
    let users = admin.get(&admin.path("/users")).await;
    assert_eq!(users.status, 200, "{users:#?}");
}

#[tokio::test]
async fn it_ends_well_when_it_is_asked_to() {
    let shell = Shell::open().await;
    for signal in [Signal::TERM, Signal::INT] {
        let rowhouse = Rowhouse::serve(&shell);
        let alive = rowhouse.anonymous().get("/health").await;
        assert_eq!(alive.status, 200);
        let status = rowhouse.stop(signal);
        assert!(status.success(), "{status} after {signal:?}");
    }
}
