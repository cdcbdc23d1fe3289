//! The Ed25519 keys of access tokens: made on first start, rotated by the command line, published as a key set.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use platform_schema::{NewSigningKey, PlatformConn, SigningKey};
use serde_json::{Value, json};

/// Why there are no keys to sign with.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The keys could not be read or kept.
    #[error("the signing keys could not be read")]
    Database(#[from] diesel::result::Error),
    /// A kept key is damaged.
    #[error(
        "the signing key `{kid}` is damaged; hint: set its `retired_at` in `shared.signing_keys`"
    )]
    Damaged {
        /// Which key.
        kid: String,
        /// What is wrong with it.
        source: KeyRejected,
    },
    /// The public half that was kept is not that of the private one.
    #[error("the halves of the signing key `{kid}` do not belong together")]
    Mismatched {
        /// Which key.
        kid: String,
    },
    /// All keys are retired, or there never was one.
    #[error("there is no signing key")]
    Missing,
    /// No key could be made.
    #[error("a signing key could not be made")]
    NotMade(#[from] Unspecified),
    /// What was signed could not be verified.
    #[error("the signing key `{kid}` does not verify what it signs")]
    SelfTest {
        /// Which key.
        kid: String,
    },
    /// The token library refused to sign.
    #[error("the signing key cannot sign")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// How long a key is published before it signs. Nodes that do not hear of it read it within half of that
/// ([`super::signing_key_watch`]), and other services have as long to fetch it.
pub const NOTICE: TimeDelta = TimeDelta::minutes(2);

/// The keys in use: one signs, all verify.
pub struct SigningKeys {
    signing: EncodingKey,
    signing_kid: String,
    /// The newest first.
    verifying: Vec<VerifyingKey>,
}

struct VerifyingKey {
    kid: String,
    public: Vec<u8>,
    key: DecodingKey,
}

impl SigningKeys {
    /// Reads the keys; on first start it makes one. Of several processes that start together, one makes it.
    pub async fn load_or_create(conn: &mut PlatformConn) -> Result<Self, SigningKeyError> {
        let mut kept = SigningKey::verifying(conn).await?;
        if kept.is_empty() {
            kept = conn.transaction(create_first).await?;
        }
        Self::new(&kept)
    }

    /// Reads the keys again, of which there are some.
    ///
    /// # Errors
    /// As [`Self::new`], or a failure of the database.
    pub async fn load(conn: &PlatformConn) -> Result<Self, SigningKeyError> {
        Self::new(&SigningKey::verifying(conn).await?)
    }

    /// The keys of these rows, the newest first. The newest signs that has been known for [`NOTICE`]; where there is none, the
    /// oldest.
    ///
    /// Signs and verifies once, so that a build without cryptography stops here and not at the first login.
    pub fn new(kept: &[SigningKey]) -> Result<Self, SigningKeyError> {
        let signing = signer(kept).ok_or(SigningKeyError::Missing)?;
        let keys = Self {
            signing: EncodingKey::from_ed_der(&signing.private_key),
            signing_kid: signing.id.clone(),
            verifying: kept
                .iter()
                .map(VerifyingKey::read)
                .collect::<Result<_, _>>()?,
        };
        keys.self_test()?;
        Ok(keys)
    }

    /// The key set as clients fetch it (RFC 7517, RFC 8037).
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self.verifying.iter().map(VerifyingKey::jwk).collect();
        json!({ "keys": keys })
    }

    /// The key that signs, and its `kid`.
    pub(crate) fn signing(&self) -> (&str, &EncodingKey) {
        (&self.signing_kid, &self.signing)
    }

    /// The key of this `kid`, unless it is unknown or retired.
    pub(crate) fn verifying(&self, kid: &str) -> Option<&DecodingKey> {
        self.verifying
            .iter()
            .find(|verifying| verifying.kid == kid)
            .map(|verifying| &verifying.key)
    }

    fn self_test(&self) -> Result<(), SigningKeyError> {
        let (kid, signing) = self.signing();
        let message = b"self test";
        let signature = crypto::sign(message, signing, Algorithm::EdDSA)?;
        let verifying = self.verifying(kid).ok_or(SigningKeyError::Missing)?;
        if crypto::verify(&signature, message, verifying, Algorithm::EdDSA)? {
            Ok(())
        } else {
            Err(SigningKeyError::SelfTest {
                kid: kid.to_owned(),
            })
        }
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKeys")
            .field("signing_kid", &self.signing_kid)
            .finish_non_exhaustive()
    }
}

impl VerifyingKey {
    fn read(kept: &SigningKey) -> Result<Self, SigningKeyError> {
        let kid = kept.id.clone();
        let pair = match Ed25519KeyPair::from_pkcs8(&kept.private_key) {
            Ok(pair) => pair,
            Err(source) => return Err(SigningKeyError::Damaged { kid, source }),
        };
        if pair.public_key().as_ref() != kept.public_key {
            return Err(SigningKeyError::Mismatched { kid });
        }
        Ok(Self {
            kid,
            public: kept.public_key.clone(),
            key: DecodingKey::from_ed_der(&kept.public_key),
        })
    }

    fn jwk(&self) -> Value {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": self.kid,
            "x": URL_SAFE_NO_PAD.encode(&self.public),
        })
    }
}

fn signer(kept: &[SigningKey]) -> Option<&SigningKey> {
    let known_since = Utc::now() - NOTICE;
    let mut known = kept.iter().filter(|key| key.created_at <= known_since);
    known.next().or(kept.last())
}

/// What a rotation has done.
#[derive(Debug)]
pub struct Rotation {
    /// The new key.
    pub created: SigningKey,
    /// Ids of the keys whose tokens are refused from now on.
    pub retired: Vec<String>,
}

/// Makes a new key and announces it to every node. The key that signs now goes on for [`NOTICE`], and its tokens to their end;
/// those before it are retired. Where the rotation is `at_once`, all keys are: whoever has a token refreshes it. Belongs into
/// a transaction.
///
/// # Errors
/// A failure of the database, or of the operating system's random numbers.
pub async fn rotate(at_once: bool, conn: &mut PlatformConn) -> Result<Rotation, SigningKeyError> {
    SigningKey::lock(conn).await?;
    let kept = SigningKey::verifying(conn).await?;
    let signing = signer(&kept).filter(|_| !at_once);
    let mut retired = Vec::new();
    for key in kept.iter().filter(|key| Some(*key) != signing) {
        SigningKey::retire(&key.id, conn).await?;
        retired.push(key.id.clone());
    }
    let created = generate()?.insert(conn).await?;
    conn.announce_signing_keys().await?;
    Ok(Rotation { created, retired })
}

/// A new key pair, to be kept.
pub fn generate() -> Result<NewSigningKey, SigningKeyError> {
    let pair = Ed25519KeyPair::generate()?;
    let public_key = pair.public_key().as_ref();
    Ok(NewSigningKey {
        id: thumbprint(public_key),
        private_key: pair.to_pkcs8()?.as_ref().to_vec(),
        public_key: public_key.to_vec(),
    })
}

/// The JWK thumbprint of an Ed25519 public key (RFC 7638, RFC 8037 appendix A.3), which is its `kid`.
fn thumbprint(public_key: &[u8]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public_key);
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, jwk.as_bytes()))
}

async fn create_first(conn: &mut PlatformConn) -> Result<Vec<SigningKey>, SigningKeyError> {
    SigningKey::lock(conn).await?;
    let kept = SigningKey::verifying(conn).await?;
    if kept.is_empty() {
        Ok(vec![generate()?.insert(conn).await?])
    } else {
        Ok(kept)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A row as the database would give it back.
    pub(crate) fn kept(new: NewSigningKey) -> SigningKey {
        SigningKey {
            id: new.id,
            private_key: new.private_key,
            public_key: new.public_key,
            created_at: Utc::now(),
            retired_at: None,
        }
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let public_key = URL_SAFE_NO_PAD.decode(x).unwrap();
        assert_eq!(
            thumbprint(&public_key),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn the_newest_key_signs_and_all_are_published() {
        let known = |age: TimeDelta| SigningKey {
            created_at: Utc::now() - age,
            ..kept(generate().unwrap())
        };
        let (new, old) = (known(NOTICE), known(TimeDelta::days(1)));
        let unknown = kept(generate().unwrap());
        let keys = SigningKeys::new(&[unknown.clone(), new.clone(), old.clone()]).unwrap();
        assert_eq!(keys.signing().0, new.id);
        assert!(keys.verifying(&unknown.id).is_some());
        let keys = SigningKeys::new(&[new.clone(), old.clone()]).unwrap();
        assert_eq!(keys.signing().0, new.id);
        assert!(keys.verifying(&old.id).is_some());
        let published = keys.jwks();
        assert_eq!(published["keys"][0]["kid"], new.id);
        assert_eq!(
            published["keys"][1]["x"],
            URL_SAFE_NO_PAD.encode(&old.public_key)
        );
        assert_eq!(published["keys"][1]["kty"], "OKP");
    }

    #[test]
    fn nothing_private_is_published_or_shown() {
        let key = kept(generate().unwrap());
        let keys = SigningKeys::new(std::slice::from_ref(&key)).unwrap();
        assert!(keys.jwks()["keys"][0].get("d").is_none());
        assert!(!format!("{keys:?}{key:?}").contains("private"));
    }

    #[test]
    fn damaged_keys_stop_the_start() {
        let key = kept(generate().unwrap());
        let mut damaged = key.clone();
        damaged.private_key.truncate(20);
        let mut mismatched = key;
        mismatched.public_key = generate().unwrap().public_key;
        assert!(matches!(
            SigningKeys::new(&[damaged]),
            Err(SigningKeyError::Damaged { .. })
        ));
        assert!(matches!(
            SigningKeys::new(&[mismatched]),
            Err(SigningKeyError::Mismatched { .. })
        ));
        assert!(matches!(
            SigningKeys::new(&[]),
            Err(SigningKeyError::Missing)
        ));
    }
}
