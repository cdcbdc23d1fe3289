//! One keep-alive HTTP/1.1 connection that costs as little as can be: a request is bytes, an answer its status and body.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What ends the headers (RFC 9112, 2.1).
const END_OF_HEADERS: &[u8] = b"\r\n\r\n";

/// The header that says how long the body is. The server under test writes names in lower case.
const LENGTH: &[u8] = b"content-length: ";

/// A connection to the server.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    /// The status.
    pub(super) status: u16,
    /// The body.
    pub(super) body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(16 * 1_024),
        })
    }

    /// Sends a request without waiting for its answer.
    pub(super) async fn send(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await
    }

    /// Sends a request and reads its answer.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.send(request).await?;
        self.received.clear();
        let (headers, whole) = loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(headers) = find(&self.received, END_OF_HEADERS) {
                let length = body_length(self.received.get(..headers).unwrap_or_default());
                let length = length.ok_or_else(|| malformed("it does not tell its length"))?;
                break (headers + END_OF_HEADERS.len(), length);
            }
        };
        while self.received.len() < headers + whole {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Answer {
            status: status(&self.received).ok_or_else(|| malformed("it has no status"))?,
            body: self.received.get(headers..).unwrap_or_default(),
        })
    }
}

/// Where `part` begins in `bytes`.
pub(super) fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn body_length(headers: &[u8]) -> Option<usize> {
    let begin = find(headers, LENGTH)? + LENGTH.len();
    decimal(headers.get(begin..)?)
}

/// The status of `HTTP/1.1 200 OK`.
fn status(answer: &[u8]) -> Option<u16> {
    u16::try_from(decimal(answer.get(9..)?)?).ok()
}

fn decimal(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    let add = |value: usize, digit: &u8| {
        let shifted = value.checked_mul(10)?;
        shifted.checked_add(usize::from(digit.saturating_sub(b'0')))
    };
    digits
        .copied()
        .try_fold(0, |value, digit| add(value, &digit))
}

fn malformed(what: &str) -> Error {
    Error::new(
        ErrorKind::InvalidData,
        format!("an answer is malformed: {what}"),
    )
}
