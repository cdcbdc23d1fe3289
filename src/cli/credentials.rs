//! Passwords on the command line: read from standard input, or generated and shown once; never an argument.

use std::io::Read;

use anyhow::Context;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use crate::identity::generated_password::generate_password;
use crate::pepper::password::{Password, PasswordHasher};

/// Where a new password comes from.
#[derive(Debug, Args)]
pub struct PasswordSource {
    /// Read the password from standard input instead of generating one.
    #[arg(long)]
    password_stdin: bool,
}

/// A new password in its stored form, and in clear when it was generated here.
#[derive(Debug)]
pub struct NewPassword {
    /// What is stored.
    pub hash: String,
    /// What has to be shown to the person, once.
    pub generated: Option<SecretString>,
}

impl PasswordSource {
    /// Reads or generates the password and hashes it.
    ///
    /// # Errors
    /// A closed standard input, or a password that the policy refuses.
    pub async fn take(&self, hasher: &PasswordHasher) -> anyhow::Result<NewPassword> {
        let generated = (!self.password_stdin).then(generate_password).transpose()?;
        let text = match &generated {
            Some(password) => password.clone(),
            None => read_line()?,
        };
        let password = Password::parse_new(text.expose_secret().to_owned())?;
        Ok(NewPassword {
            hash: hasher.hash(&password).await?.expose().to_owned(),
            generated,
        })
    }
}

fn read_line() -> anyhow::Result<SecretString> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("Failed to read the password from standard input")?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}
