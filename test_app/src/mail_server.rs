//! A mail server of a test's own: takes what it is sent, or refuses it in the ways that real ones do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use crate::Mail;

/// How long a mail may take; generous, since machines are loaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the server does with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception {
    /// Takes it.
    Take,
    /// Answers the recipient with `451`: come back later.
    Defer,
    /// Answers the recipient with `550`: there is no such mailbox.
    Refuse,
    /// Hangs up before it has taken the mail.
    HangUp,
    /// Says nothing any more once the mail is there.
    Stall,
}

/// The server. It ends when this is dropped.
#[derive(Debug)]
pub struct MailServer {
    port: u16,
    shared: Arc<Mutex<Shared>>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    reception: Reception,
    /// Recipients asked for, taken or not.
    asked: Vec<String>,
    taken: Vec<Mail>,
}

impl MailServer {
    /// Listens on a free port of the loopback device.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Mutex::new(Shared {
            reception: Reception::Take,
            asked: Vec::new(),
            taken: Vec::new(),
        }));
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move {
                    // A client that hangs up has what it deserves.
                    let _ = converse(stream, &shared).await;
                });
            }
        });
        Self {
            port,
            shared,
            task: task.abort_handle(),
        }
    }

    /// The value of `SMTP_URL` that leads here.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// What is done with mail from now on.
    pub fn receive_by(&self, reception: Reception) {
        lock(&self.shared).reception = reception;
    }

    /// How often a mail to this address was offered, taken or not.
    pub fn offers(&self, address: &str) -> usize {
        let shared = lock(&self.shared);
        shared
            .asked
            .iter()
            .filter(|asked| *asked == address)
            .count()
    }

    /// What was taken for this address, in order.
    pub fn taken(&self, address: &str) -> Vec<Mail> {
        let shared = lock(&self.shared);
        let taken = shared.taken.iter();
        taken.filter(|mail| mail.to() == address).cloned().collect()
    }

    /// Waits until as many mails were taken for this address, and gives them.
    pub async fn wait_for(&self, address: &str, count: usize) -> Vec<Mail> {
        let begun = Instant::now();
        loop {
            let taken = self.taken(address);
            if taken.len() >= count {
                return taken;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{} mails to {address}",
                taken.len()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One conversation (RFC 5321 §4.1).
async fn converse(stream: TcpStream, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test ESMTP\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end().to_ascii_uppercase();
        let answer = if command.starts_with("EHLO") {
            "250-test\r\n250 8BITMIME"
        } else if let Some(recipient) = command.strip_prefix("RCPT TO:<") {
            match answer_for(recipient, shared) {
                Some(answer) => answer,
                None => return Ok(()),
            }
        } else if command == "DATA" {
            stream.write_all(b"354 go on\r\n").await?;
            let text = read_data(&mut stream).await?;
            if lock(shared).reception == Reception::Stall {
                std::future::pending::<()>().await;
            }
            lock(shared).taken.push(Mail::parse(text));
            "250 taken"
        } else if command == "QUIT" {
            stream.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else {
            "250 ok"
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// Notes that a recipient was asked for, and says what the client hears. `None` hangs up.
fn answer_for(recipient: &str, shared: &Mutex<Shared>) -> Option<&'static str> {
    let address = recipient.split('>').next().unwrap_or_default();
    let mut shared = lock(shared);
    shared.asked.push(address.to_lowercase());
    match shared.reception {
        Reception::Defer => Some("451 4.3.0 later"),
        Reception::Refuse => Some("550 5.1.1 no such mailbox"),
        Reception::HangUp => None,
        Reception::Take | Reception::Stall => Some("250 ok"),
    }
}

/// The text up to the line that is a dot, with the dots taken back that the client doubled.
async fn read_data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
