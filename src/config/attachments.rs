//! Where attachments are kept, and which.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::ConfigError;

/// Types that are refused by default: programs, which nobody opens by accident without harm.
const DENIED_TYPES: &str = "application/java,application/java-archive,application/vnd.android.dex,application/vnd.android.package-archive,application/vnd.microsoft.portable-executable,application/x-executable,application/x-mach-binary,application/x-msdownload,application/x-msdos-program,application/x-msi,application/x-sh,text/x-shellscript";

/// Where attachments are kept, and which.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Attachments")]
pub struct AttachmentConfig {
    /// Where attachments are kept: `file:///absolute/folder`, or `s3://bucket/prefix`; unset: `attachments` below the data directory.
    #[arg(long, env = "ATTACHMENTS_URL", global = true)]
    pub attachments_url: Option<StoreUrl>,
    /// Bytes that an attachment may have at most.
    #[arg(long, env = "ATTACHMENT_MAX_BYTES", global = true, default_value_t = 1 << 30, value_parser = clap::value_parser!(u64).range(1..=32 << 30))]
    pub attachment_max_bytes: u64,
    /// Media types that attachments may have, such as `image/*,application/pdf`, separated by commas; unset: all but the denied ones.
    #[arg(
        long,
        env = "ATTACHMENT_ALLOWED_TYPES",
        global = true,
        value_delimiter = ','
    )]
    pub attachment_allowed_types: Vec<TypePattern>,
    /// Media types that attachments may not have, by their name or by their content; unset: those of programs.
    #[arg(long, env = "ATTACHMENT_DENIED_TYPES", global = true, value_delimiter = ',', default_value = DENIED_TYPES, hide_default_value = true)]
    pub attachment_denied_types: Vec<TypePattern>,
    /// Seconds that an upload may take, in place of `REQUEST_TIMEOUT`.
    #[arg(long, env = "UPLOAD_TIMEOUT", global = true, default_value_t = 3_600, value_parser = clap::value_parser!(u32).range(1..=21_600))]
    pub upload_timeout: u32,
    /// Seconds between two sweeps of what attachments have left over, on one node at a time; 0 is for none.
    #[arg(long, env = "ATTACHMENT_SWEEP_INTERVAL", global = true, default_value_t = 86_400, value_parser = clap::value_parser!(u32).range(0..=2_592_000))]
    pub attachment_sweep_interval: u32,
    /// Days that a deleted attachment can be restored, before such a sweep removes it.
    #[arg(
        long,
        env = "ATTACHMENT_RETENTION",
        global = true,
        default_value_t = 30
    )]
    pub attachment_retention: u16,
    /// Key of an S3-compatible store; unset: what the machine's role gives.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", global = true, hide_env_values = true)]
    pub aws_access_key_id: Option<String>,
    /// The secret that belongs to it.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", global = true, hide_env_values = true, value_parser = super::secret)]
    pub aws_secret_access_key: Option<SecretString>,
    /// Token of a temporary key.
    #[arg(long, env = "AWS_SESSION_TOKEN", global = true, hide_env_values = true, value_parser = super::secret)]
    pub aws_session_token: Option<SecretString>,
    /// Region of the bucket.
    #[arg(long, env = "AWS_REGION", global = true, default_value = "us-east-1")]
    pub aws_region: String,
    /// URL of an S3-compatible store that is not Amazon's, such as `https://minio.example.com`.
    #[arg(long, env = "AWS_ENDPOINT_URL", global = true)]
    pub aws_endpoint_url: Option<String>,
}

impl AttachmentConfig {
    /// How long an upload may take.
    pub fn upload_time(&self) -> Duration {
        Duration::from_secs(self.upload_timeout.into())
    }

    /// Pause between two sweeps; none where the server makes none.
    pub fn sweep_pause(&self) -> Option<Duration> {
        let seconds = self.attachment_sweep_interval;
        (seconds > 0).then(|| Duration::from_secs(seconds.into()))
    }

    /// Checks what no single value can tell.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.aws_access_key_id.is_some() == self.has_secret() {
            return Ok(());
        }
        let (variable, problem) = if self.has_secret() {
            (
                "AWS_ACCESS_KEY_ID",
                "is not set and `AWS_SECRET_ACCESS_KEY` is",
            )
        } else {
            (
                "AWS_SECRET_ACCESS_KEY",
                "is not set and `AWS_ACCESS_KEY_ID` is",
            )
        };
        Err(ConfigError {
            variable,
            problem,
            hint: "set both, or neither where the machine has a role",
        })
    }

    fn has_secret(&self) -> bool {
        let secret = self.aws_secret_access_key.as_ref();
        secret.is_some_and(|secret| !secret.expose_secret().is_empty())
    }
}

/// A place for objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A folder of this machine, or one that is mounted on it.
    Folder(PathBuf),
    /// A bucket of Amazon S3, or of what speaks like it.
    Bucket {
        /// Name of the bucket.
        name: String,
        /// What the names of all objects begin with; may be empty.
        prefix: String,
    },
}

impl FromStr for StoreUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let problem = "it takes `file:///absolute/folder` or `s3://bucket/prefix`";
        if text.contains(['?', '#', '%', '@']) || text.chars().any(char::is_control) {
            return Err(problem);
        }
        if let Some(path) = text.strip_prefix("file://") {
            let path = Path::new(path);
            let is_sound = path.is_absolute() && path.parent().is_some();
            return is_sound
                .then(|| Self::Folder(path.to_owned()))
                .ok_or(problem);
        }
        let rest = text.strip_prefix("s3://").ok_or(problem)?;
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if name.is_empty() {
            return Err(problem);
        }
        Ok(Self::Bucket {
            name: name.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
        })
    }
}

/// A media type, or all of a top-level type: `image/*`. In lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypePattern(String);

impl TypePattern {
    /// Whether a media type without parameters, in lower case, is meant.
    pub fn covers(&self, media_type: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(top) => media_type.starts_with(top),
            None => self.0 == media_type,
        }
    }
}

impl FromStr for TypePattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let problem = "it takes media types such as `image/*` or `application/pdf`";
        let text = text.trim().to_ascii_lowercase();
        let (top, rest) = text.split_once('/').ok_or(problem)?;
        let is_name = |part: &str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
            !part.is_empty() && part.bytes().all(allowed)
        };
        if is_name(top) && (rest == "*" || is_name(rest)) {
            Ok(Self(text))
        } else {
            Err(problem)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_a_folder_or_a_bucket() {
        let folder = StoreUrl::Folder("/srv/files".into());
        assert_eq!("file:///srv/files".parse(), Ok(folder));
        for (url, prefix) in [
            ("s3://files", ""),
            ("s3://files/", ""),
            ("s3://files/a/b/", "a/b"),
        ] {
            let bucket = StoreUrl::Bucket {
                name: "files".to_owned(),
                prefix: prefix.to_owned(),
            };
            assert_eq!(url.parse(), Ok(bucket));
        }
        for wrong in [
            "",
            "/srv",
            "file://srv",
            "file:///",
            "s3://",
            "s3:///a",
            "gs://a",
            "s3://key:secret@a",
        ] {
            assert!(wrong.parse::<StoreUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pattern_covers_one_type_or_all_below_a_top() {
        let covers = |pattern: &str, media_type: &str| {
            pattern.parse::<TypePattern>().unwrap().covers(media_type)
        };
        assert!(covers("image/*", "image/png") && covers("Image/PNG", "image/png"));
        assert!(!covers("image/*", "imagery/png") && !covers("image/png", "image/png2"));
        for wrong in [
            "", "image", "*", "*/*", "image/", "image/p*", "a/b/c", "a/b;c=d",
        ] {
            assert!(wrong.parse::<TypePattern>().is_err(), "{wrong}");
        }
    }
}
