//! What the servers of all tests log as errors. A test finds its own by what it alone has: a request id, or the text of a rule.

use std::io::{self, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use rowhouse::config::LogFormat;
use rowhouse::http::subscriber;
use serde_json::Value;
use tracing_subscriber::EnvFilter;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

static BEGUN: OnceLock<()> = OnceLock::new();

/// Writes to [`LINES`].
struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Errors from now on. The servers of an app log on threads of their own, so that it is the whole process that listens.
#[derive(Debug)]
pub(crate) struct ErrorLog(&'static Mutex<Vec<u8>>);

impl ErrorLog {
    pub(crate) fn begin() -> Self {
        BEGUN.get_or_init(|| {
            let subscriber = subscriber(LogFormat::Json, EnvFilter::new("error"), || Lines);
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        Self(&LINES)
    }

    /// The events in which a field has this value.
    pub(crate) fn with(&self, field: &str, value: &str) -> Vec<Value> {
        let lines = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let lines = String::from_utf8(lines).unwrap();
        let events = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        events
            .filter(|event: &Value| event[field] == value)
            .collect()
    }
}
