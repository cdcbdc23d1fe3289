//! The files below the environment: `.env` and `rowhouse.toml`, offered to the command line as defaults.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use clap::{Command, CommandFactory, FromArgMatches};

use super::{Config, Environment};

/// The bit of a file's mode that lets everybody read it (POSIX, `S_IROTH`).
const OTHERS_READ: u32 = 0o004;

/// Parses the command line of this process over the environment, `.env` and `rowhouse.toml` of the current folder.
///
/// A request for help, and a wrong flag or value, end the process as clap does.
///
/// # Errors
/// A file that cannot be read or holds an unknown key; a value that `rowhouse.toml` cannot give; in production, a secret in a
/// file that everybody can read.
pub fn parse<Arguments: CommandFactory + FromArgMatches>() -> anyhow::Result<Arguments> {
    let layers = Layers::read(Path::new("."))?;
    let matches = layers.apply(Arguments::command()).get_matches();
    let probe = Probe::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    layers.refuse_open_secrets(&probe.config)?;
    Arguments::from_arg_matches(&matches).map_err(|error| error.exit())
}

/// Values of files, by name of their environment variable.
#[derive(Debug)]
pub struct Layers {
    dotenv: Layer,
    toml: Layer,
}

/// What a file says.
#[derive(Debug)]
struct Layer {
    file: &'static str,
    values: BTreeMap<String, String>,
    /// Whether everybody on the machine can read it.
    is_open: bool,
}

impl Layer {
    /// Reads a file of `folder`; a missing one is empty.
    fn read(
        file: &'static str,
        folder: &Path,
        parse: fn(&Path) -> anyhow::Result<BTreeMap<String, String>>,
    ) -> anyhow::Result<Self> {
        let mut layer = Self {
            file,
            values: BTreeMap::new(),
            is_open: false,
        };
        let path = folder.join(file);
        if path.exists() {
            let failed = || format!("Failed to read `{file}`");
            let permissions = std::fs::metadata(&path).with_context(failed)?.permissions();
            layer.is_open = permissions.mode() & OTHERS_READ != 0;
            layer.values = parse(&path).with_context(failed)?;
        }
        Ok(layer)
    }
}

impl Layers {
    /// Reads the two files of `folder`; a missing one is empty.
    ///
    /// # Errors
    /// A file that cannot be read or is not in its format.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let layers = Self {
            dotenv: Layer::read(".env", folder, parse_dotenv)?,
            toml: Layer::read("rowhouse.toml", folder, parse_toml)?,
        };
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
        match self.toml.values.keys().find(|name| !is_known(name)) {
            Some(name) => bail!(
                "`rowhouse.toml` has the unknown key `{}` (hint: `rowhouse --help` lists the names, in upper case)",
                name.to_lowercase()
            ),
            None => Ok(()),
        }
    }

    /// Refuses secrets in a file that everybody can read, in production (OWASP ASVS 5.0.0, 13.3.1).
    fn refuse_open_secrets(&self, config: &Config) -> anyhow::Result<()> {
        if config.environment != Environment::Production {
            return Ok(());
        }
        let known = <Probe as CommandFactory>::command();
        let arguments = known.get_arguments();
        let secrets = arguments.filter(|argument| argument.is_hide_env_values_set());
        let secrets = secrets.filter_map(|argument| argument.get_env()?.to_str());
        for name in secrets {
            let layers = [&self.dotenv, &self.toml];
            let mut open = layers.into_iter().filter(|layer| layer.is_open);
            if let Some(Layer { file, .. }) = open.find(|layer| layer.values.contains_key(name)) {
                bail!(
                    "`{file}` has `{name}` and can be read by everybody, which production refuses (hint: `chmod o= {file}`)"
                );
            }
        }
        Ok(())
    }

    /// Makes each value the default of the argument whose environment variable has its name.
    pub fn apply(&self, command: Command) -> Command {
        command.mut_args(|argument| {
            let name = argument
                .get_env()
                .map(|name| name.to_string_lossy().into_owned());
            match name.and_then(|name| {
                self.dotenv
                    .values
                    .get(&name)
                    .or_else(|| self.toml.values.get(&name))
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
    config: Config,
}

fn parse_dotenv(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    Ok(dotenvy::from_path_iter(path)?.collect::<Result<_, _>>()?)
}

fn parse_toml(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let table: toml::Table = std::fs::read_to_string(path)?.parse()?;
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

    fn parse_in(folder: &Path, arguments: &[&str]) -> Config {
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
