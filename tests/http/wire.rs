//! What only a real connection shows.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use actix_web::{HttpServer, rt, web};

use crate::toy::app;

/// Sends raw requests over one connection to a server of its own, and reads until the server closes it.
async fn converse(requests: &'static str) -> String {
    let server = HttpServer::new(app).workers(1).disable_signals();
    let server = server.bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    let running = rt::spawn(server);
    let answers = web::block(move || exchange(address, requests))
        .await
        .unwrap();
    handle.stop(false).await;
    running.await.unwrap().unwrap();
    answers
}

fn exchange(address: SocketAddr, requests: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.write_all(requests.as_bytes()).unwrap();
    let mut answers = String::new();
    connection.read_to_string(&mut answers).unwrap();
    answers
}

#[actix_web::test]
async fn a_connection_survives_a_panic() {
    let answers = converse(concat!(
        "GET /api/v1/panic HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /api/v1/notes HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ))
    .await;
    assert!(answers.starts_with("HTTP/1.1 500"), "{answers}");
    assert!(answers.contains(r#""code":"internal""#), "{answers}");
    assert!(answers.contains("HTTP/1.1 200 OK"), "{answers}");
}

#[actix_web::test]
async fn head_has_the_length_of_get_and_no_body() {
    let answer =
        converse("HEAD /api/v1/notes HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-length: 110"), "{head}");
    assert_eq!(body, "");
}

#[actix_web::test]
async fn a_request_with_two_lengths_is_refused() {
    let answer = converse(concat!(
        "POST /api/v1/notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n",
        "Content-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\n{\"title\":\"a\"}",
    ))
    .await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request"), "{answer}");
}
