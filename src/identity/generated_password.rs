//! Passwords that the platform chooses for people, to be shown once.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

/// Random bytes in a generated password: 144 bits, 24 characters.
const LENGTH: usize = 18;

/// A new random password of letters, digits, `-` and `_`.
///
/// # Errors
/// The operating system gives no random bytes.
pub fn generate_password() -> Result<SecretString, Unspecified> {
    let mut random = [0; LENGTH];
    rand::fill(&mut random)?;
    Ok(URL_SAFE_NO_PAD.encode(random).into())
}
