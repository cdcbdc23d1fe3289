//! How mail is sent.

use actix_web::http::Uri;
use chrono::TimeDelta;
use clap::Args;
use lettre::message::Mailbox;
use secrecy::SecretString;

use super::{Config, ConfigError, Environment};

/// How mail is sent, and where its links lead.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Mail")]
pub struct MailConfig {
    /// URL of the mail server, like `smtps://user:password@mail.example.com` or `smtp://mail.example.com:587?tls=required`; unset: mail becomes files under the data directory.
    #[arg(long, env = "SMTP_URL", global = true, hide_env_values = true, value_parser = super::secret)]
    pub smtp_url: Option<SecretString>,
    /// Whom mail is from.
    #[arg(
        long,
        env = "MAIL_FROM",
        global = true,
        default_value = "Rowhouse <no-reply@localhost>"
    )]
    pub mail_from: Mailbox,
    /// URL of what users have in front of them, which the links in mails begin with; unset: that of this server.
    #[arg(long, env = "PUBLIC_URL", global = true, value_parser = public_url)]
    pub public_url: Option<String>,
    /// Seconds that a mailed link sets a new password, at most an hour.
    #[arg(long, env = "PASSWORD_RESET_TTL", global = true, default_value_t = 10 * 60, value_parser = clap::value_parser!(u16).range(60..=3_600))]
    pub password_reset_ttl: u16,
}

impl MailConfig {
    /// How long a mailed link sets a new password.
    pub fn reset_lifetime(&self) -> TimeDelta {
        TimeDelta::seconds(self.password_reset_ttl.into())
    }
}

impl Config {
    /// Checks what serving takes beyond [`Self::check`]: production sends mail, and its links lead to where users are.
    ///
    /// # Errors
    /// In production, without `SMTP_URL` or `PUBLIC_URL`.
    pub fn check_mail(&self) -> Result<(), ConfigError> {
        if self.environment != Environment::Production {
            return Ok(());
        }
        let (variable, hint) = match (&self.mail.smtp_url, &self.mail.public_url) {
            (None, _) => (
                "SMTP_URL",
                "set it to your mail server, like `smtps://user:password@mail.example.com`",
            ),
            (_, None) => (
                "PUBLIC_URL",
                "set it to what the links in mails begin with, like `https://app.example.com`",
            ),
            (Some(_), Some(_)) => return Ok(()),
        };
        Err(ConfigError {
            variable,
            problem: "is not set, and production sends mail",
            hint,
        })
    }
}

/// An address of the web without a query, and without the slash at its end.
fn public_url(value: &str) -> Result<String, &'static str> {
    let problem = "it takes a URL without user, query and fragment, like `https://app.example.com`";
    let url = value.trim_end_matches('/');
    let uri: Uri = url.parse().or(Err(problem))?;
    let is_sound = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@'))
        && uri.query().is_none()
        && !url.contains(['#', '"', '<', '>', '\'']);
    if is_sound {
        Ok(url.to_owned())
    } else {
        Err(problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_an_address_of_the_web() {
        assert_eq!(
            public_url("https://app.example.com/rows/"),
            Ok("https://app.example.com/rows".to_owned())
        );
        for text in [
            "",
            "app.example.com",
            "ftp://app.example.com",
            "https://",
            "https://ada:secret@app.example.com",
            "https://app.example.com?a=b",
            "https://app.example.com/#a",
            "https://app.example.com/\r\nBcc: a",
            "javascript:alert(1)",
        ] {
            assert!(public_url(text).is_err(), "{text}");
        }
    }
}
