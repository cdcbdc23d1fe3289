//! The files below the environment: `.env` and `rowhouse.toml`, offered to the command line as defaults.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use clap::{Command, CommandFactory, FromArgMatches};

/// Parses the command line of this process over the environment, `.env` and `rowhouse.toml` of the current folder.
///
/// A request for help, and a wrong flag or value, end the process as clap does.
///
/// # Errors
/// A file that cannot be read or holds an unknown key; a value that `rowhouse.toml` cannot give.
pub fn parse<Arguments: CommandFactory + FromArgMatches>() -> anyhow::Result<Arguments> {
    let layers = Layers::read(Path::new("."))?;
    let matches = layers.apply(Arguments::command()).get_matches();
    Arguments::from_arg_matches(&matches).map_err(|error| error.exit())
}

/// Values by name of their environment variable.
#[derive(Debug, Default)]
pub struct Layers {
    dotenv: BTreeMap<String, String>,
    toml: BTreeMap<String, String>,
}

impl Layers {
    /// Reads the two files of `folder`; a missing one is empty.
    ///
    /// # Errors
    /// A file that cannot be read or is not in its format.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut layers = Self::default();
        let dotenv = folder.join(".env");
        if dotenv.exists() {
            for entry in dotenvy::from_path_iter(&dotenv).context("Failed to read `.env`")? {
                let (name, value) = entry.context("Failed to read `.env`")?;
                layers.dotenv.insert(name, value);
            }
        }
        let toml = folder.join("rowhouse.toml");
        if toml.exists() {
            let text = std::fs::read_to_string(&toml).context("Failed to read `rowhouse.toml`")?;
            layers.toml = parse_toml(&text).context("Failed to read `rowhouse.toml`")?;
        }
        layers.refuse_unknown_keys()?;
        Ok(layers)
    }

    fn refuse_unknown_keys(&self) -> anyhow::Result<()> {
        let known = <Probe as CommandFactory>::command();
        let is_known = |name: &str| {
            known
                .get_arguments()
                .any(|argument| argument.get_env().is_some_and(|env| env == name))
        };
        match self.toml.keys().find(|name| !is_known(name)) {
            Some(name) => bail!(
                "`rowhouse.toml` has the unknown key `{}` (hint: `rowhouse --help` lists the names, in upper case)",
                name.to_lowercase()
            ),
            None => Ok(()),
        }
    }

    /// Makes each value the default of the argument whose environment variable has its name.
    pub fn apply(&self, command: Command) -> Command {
        command.mut_args(|argument| {
            let name = argument
                .get_env()
                .map(|name| name.to_string_lossy().into_owned());
            match name.and_then(|name| {
                self.dotenv
                    .get(&name)
                    .or_else(|| self.toml.get(&name))
                    .cloned()
            }) {
                Some(value) => argument.default_value(value),
                None => argument,
            }
        })
    }
}

/// A command with nothing but the configuration, to know its names.
#[derive(Debug, clap::Parser)]
struct Probe {
    #[command(flatten)]
    config: super::Config,
}

fn parse_toml(text: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let table: toml::Table = text.parse()?;
    table
        .into_iter()
        .map(|(key, value)| {
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                other => bail!(
                    "`{key}` is a {}; it takes a string, a number or a boolean",
                    other.type_str()
                ),
            };
            Ok((key.to_uppercase(), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(name: &str, text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        folder
    }

    fn parse_in(folder: &Path, arguments: &[&str]) -> super::super::Config {
        let matches = Layers::read(folder)
            .unwrap()
            .apply(Probe::command())
            .get_matches_from(arguments);
        Probe::from_arg_matches(&matches).unwrap().config
    }

    #[test]
    fn a_flag_beats_dotenv_and_dotenv_beats_the_toml_file() {
        let folder = folder_with("rowhouse.toml", "port = 1111\nbody_limit = 4096\n");
        std::fs::write(folder.path().join(".env"), "PORT=2222\n").unwrap();
        assert_eq!(parse_in(folder.path(), &["rowhouse"]).http.port, 2222);
        assert_eq!(parse_in(folder.path(), &["rowhouse"]).http.body_limit, 4096);
        assert_eq!(
            parse_in(folder.path(), &["rowhouse", "--port", "3333"])
                .http
                .port,
            3333
        );
    }

    #[test]
    fn an_unknown_key_of_the_toml_file_is_named() {
        let folder = folder_with("rowhouse.toml", "prot = 1111\n");
        let message = Layers::read(folder.path()).unwrap_err().to_string();
        assert!(message.contains("unknown key `prot`"), "{message}");
    }

    #[test]
    fn an_unparsable_value_of_a_file_names_its_flag() {
        let folder = folder_with("rowhouse.toml", "port = \"many\"\n");
        let error = Layers::read(folder.path())
            .unwrap()
            .apply(Probe::command())
            .try_get_matches_from(["rowhouse"]);
        assert!(error.unwrap_err().to_string().contains("--port"));
    }

    #[test]
    fn production_refuses_the_default_pepper() {
        let folder = tempfile::tempdir().unwrap();
        let config = parse_in(folder.path(), &["rowhouse", "--environment", "production"]);
        assert!(
            config
                .check()
                .unwrap_err()
                .to_string()
                .contains("PASSWORD_PEPPER")
        );
        assert!(parse_in(folder.path(), &["rowhouse"]).check().is_ok());
    }

    #[test]
    fn production_serves_with_a_mail_server_and_an_address_for_links() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |arguments: &[&str]| {
            let config = parse_in(folder.path(), &[&["rowhouse"], arguments].concat());
            config.check_mail().map_err(|error| error.to_string())
        };
        assert_eq!(refusal(&[]), Ok(()));
        let production = ["--environment", "production"];
        assert!(refusal(&production).unwrap_err().contains("SMTP_URL"));
        let smtp = [&production[..], &["--smtp-url", "smtp://localhost"]].concat();
        assert!(refusal(&smtp).unwrap_err().contains("PUBLIC_URL"));
        let both = [&smtp[..], &["--public-url", "https://app.example.com"]].concat();
        assert_eq!(refusal(&both), Ok(()));
    }
}
