//! The first system user of an empty platform, made with a one-time token.

use aws_lc_rs::digest::{Digest, SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform_schema::{
    BootstrapToken, NewSystemUser, PlatformChange, PlatformConn, SystemUser, SystemUserRole,
};
use secrecy::SecretString;
use uuid::Uuid;

use super::system_sessions::SYSTEM_USER;
use crate::pepper::password::{Password, PasswordError, PasswordHasher};
use crate::provisioner::requester::Requester;

/// What scanners for leaked secrets look for.
const PREFIX: &str = "bt1.";

/// Twice the 128 bits that OWASP ASVS 5.0.0 (6.5.2) asks for.
const TOKEN_LENGTH: usize = 32;

/// Why no token was issued or redeemed.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The token is unknown, replaced by a newer one, or already redeemed.
    #[error("the bootstrap token is not valid; hint: restart the server to be shown a new one")]
    InvalidToken,
    /// There already is a system user.
    #[error("the platform already has a system user; hint: log in, or ask one of them")]
    AlreadyDone,
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Password(#[from] PasswordError),
    /// The operating system gave no random bytes.
    #[error("no random bytes to be had")]
    Random(#[from] Unspecified),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] diesel::result::Error),
}

/// A new token to be shown once, or none when there already is a system user. Tokens shown before are void.
pub async fn issue(conn: &mut PlatformConn) -> Result<Option<SecretString>, BootstrapError> {
    conn.transaction(async |conn| {
        BootstrapToken::lock(conn).await?;
        if SystemUser::any(conn).await? {
            return Ok(None);
        }
        let token = generate()?;
        BootstrapToken::replace(hash(&token).as_ref(), conn).await?;
        Ok(Some(token.into()))
    })
    .await
}

/// Makes the first super admin with a token. Of several who redeem it at once, one succeeds.
///
/// `email` is already checked. The password is hashed only when the token is good: noise costs one query.
pub async fn redeem(
    token: &str,
    email: String,
    password: &Password,
    hasher: &PasswordHasher,
    requester: &Requester,
    conn: &mut PlatformConn,
) -> Result<SystemUser, BootstrapError> {
    let token_hash = hash(token);
    if !BootstrapToken::is_open(token_hash.as_ref(), conn).await? {
        return Err(BootstrapError::InvalidToken);
    }
    let admin = NewSystemUser {
        id: Uuid::now_v7(),
        email,
        password_hash: hasher.hash(password).await?.expose().to_owned(),
        role: SystemUserRole::SuperAdmin,
    };
    let work = async |conn: &mut PlatformConn| {
        BootstrapToken::lock(conn).await?;
        if !BootstrapToken::redeem(token_hash.as_ref(), conn).await? {
            return Err(BootstrapError::InvalidToken);
        }
        if SystemUser::any(conn).await? {
            return Err(BootstrapError::AlreadyDone);
        }
        let created = admin.insert(conn).await?;
        let change = PlatformChange::of(SYSTEM_USER, &created.id).after(created.snapshot());
        Ok((created, change))
    };
    requester.mutate("platform.bootstrap", conn, work).await
}

fn generate() -> Result<String, Unspecified> {
    let mut random = [0; TOKEN_LENGTH];
    rand::fill(&mut random)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
}

fn hash(token: &str) -> Digest {
    digest(&SHA256, token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_hold_256_random_bits() {
        let (one, another) = (generate().unwrap(), generate().unwrap());
        assert_ne!(one, another);
        let random = URL_SAFE_NO_PAD
            .decode(one.strip_prefix(PREFIX).unwrap())
            .unwrap();
        assert_eq!(random.len(), TOKEN_LENGTH);
    }
}
