//! Where log events go, and in which shape.

use anyhow::Context;
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::config::{LogConfig, LogFormat};

/// Sends the log events of this process to standard error, as the configuration says.
///
/// # Errors
/// A filter that cannot be parsed, or a second call.
pub fn start_log(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::builder().parse(&config.log_level);
    let filter = filter.context(
        "`LOG_LEVEL` cannot be used (hint: it looks like `info` or `warn,rowhouse=debug`)",
    )?;
    tracing::subscriber::set_global_default(subscriber(
        config.log_format,
        filter,
        std::io::stderr,
    ))?;
    Ok(())
}

/// A subscriber that writes events let through by `filter` to `writer`, which is standard error in production.
pub fn subscriber<W>(
    format: LogFormat,
    filter: EnvFilter,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(writer);
    match format {
        LogFormat::Text => Box::new(builder.finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
    }
}
