//! Tokens as they should be, and forged ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use platform_schema::SigningKey;
use serde_json::json;

use super::*;
use crate::identity::signing_key::{generate, tests::kept};

const TENANT: &str = "0123456789ab";

struct Forge {
    key: SigningKey,
    issuer: TokenIssuer,
}

impl Forge {
    fn new() -> Self {
        Self::with_lifetime(TimeDelta::minutes(20))
    }

    fn with_lifetime(lifetime: TimeDelta) -> Self {
        let key = kept(generate().unwrap());
        let keys = SigningKeys::new(std::slice::from_ref(&key)).unwrap();
        Self {
            key,
            issuer: TokenIssuer::new(keys, "rowhouse".to_owned(), lifetime),
        }
    }

    fn tenant_token(&self) -> String {
        let subject = TenantSubject {
            tid: TENANT.parse().unwrap(),
            tenant_slug: "acme".to_owned(),
            email: "ada@example.com".to_owned(),
            username: "ada".to_owned(),
            roles: vec!["admin".to_owned()],
            permissions: vec!["users.read".to_owned()],
        };
        let token = self.issuer.issue(Uuid::now_v7(), Uuid::now_v7(), subject);
        token.unwrap().expose().to_owned()
    }

    fn platform_token(&self) -> String {
        let subject = PlatformSubject {
            role: SystemUserRole::Operator,
        };
        let token = self.issuer.issue(Uuid::now_v7(), Uuid::now_v7(), subject);
        token.unwrap().expose().to_owned()
    }

    fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key.id.clone());
        header
    }

    fn signed(&self, header: &Header, claims: &Value) -> String {
        encode(
            header,
            claims,
            &EncodingKey::from_ed_der(&self.key.private_key),
        )
        .unwrap()
    }

    fn refusal(&self, token: &str) -> TokenError {
        self.issuer.verify_tenant(token).unwrap_err()
    }
}

fn claims() -> Value {
    let now = Utc::now().timestamp();
    json!({
        "iss": "rowhouse", "aud": TENANT, "sub": Uuid::now_v7(), "iat": now, "exp": now + 60,
        "jti": Uuid::new_v4(), "sid": Uuid::now_v7(), "typ": "tenant", "tid": TENANT, "tenant_slug": "acme",
        "email": "ada@example.com", "username": "ada", "roles": ["admin"], "permissions": [],
    })
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_token_says_what_it_was_issued_for() {
    let forge = Forge::new();
    let tenant = forge.issuer.verify_tenant(&forge.tenant_token()).unwrap();
    assert_eq!(
        (tenant.aud.as_str(), tenant.subject.tid.as_str()),
        (TENANT, TENANT)
    );
    assert_eq!(tenant.exp - tenant.iat, 20 * 60);
    let platform = forge
        .issuer
        .verify_platform(&forge.platform_token())
        .unwrap();
    assert_eq!(
        (platform.aud.as_str(), platform.subject.role),
        ("platform", SystemUserRole::Operator)
    );
}

#[test]
fn hand_made_claims_pass_when_nothing_is_wrong_with_them() {
    let forge = Forge::new();
    let token = forge.signed(&forge.header(), &claims());
    assert!(forge.issuer.verify_tenant(&token).is_ok());
}

#[test]
fn a_token_of_one_type_is_none_of_the_other() {
    let forge = Forge::new();
    assert_eq!(
        forge.refusal(&forge.platform_token()),
        TokenError::NotForThis
    );
    let refused = forge.issuer.verify_platform(&forge.tenant_token());
    assert_eq!(refused.unwrap_err(), TokenError::NotForThis);
}

#[test]
fn a_token_that_says_both_is_judged_by_its_type() {
    let forge = Forge::new();
    let mut both = claims();
    both["typ"] = json!("platform");
    both["role"] = json!("super_admin");
    let token = forge.signed(&forge.header(), &both);
    assert_eq!(forge.refusal(&token), TokenError::NotForThis);
    let refused = forge.issuer.verify_platform(&token);
    assert_eq!(refused.unwrap_err(), TokenError::NotForThis);
}

#[test]
fn an_audience_that_is_not_the_tenant_is_refused() {
    let forge = Forge::new();
    for audience in [
        json!("platform"),
        json!("zzz"),
        json!([TENANT]),
        json!(null),
        json!(1),
    ] {
        let mut foreign = claims();
        foreign["aud"] = audience;
        assert_eq!(
            forge.refusal(&forge.signed(&forge.header(), &foreign)),
            TokenError::NotForThis
        );
    }
}

#[test]
fn an_unsigned_token_is_refused() {
    let forge = Forge::new();
    for alg in ["none", "None", "NONE", ""] {
        let header = json!({ "alg": alg, "typ": "JWT", "kid": forge.key.id });
        for signature in ["", "AAAA"] {
            let token = format!("{}.{}.{signature}", part(&header), part(&claims()));
            assert_eq!(forge.refusal(&token), TokenError::Malformed);
        }
    }
}

#[test]
fn the_public_key_is_no_shared_secret() {
    let forge = Forge::new();
    let public_key = &forge.key.public_key;
    for secret in [
        public_key.clone(),
        URL_SAFE_NO_PAD.encode(public_key).into_bytes(),
    ] {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(forge.key.id.clone());
        let token = encode(&header, &claims(), &EncodingKey::from_secret(&secret)).unwrap();
        assert_eq!(forge.refusal(&token), TokenError::Malformed);
    }
}

#[test]
fn an_unknown_or_missing_kid_is_refused() {
    let forge = Forge::new();
    for kid in [
        None,
        Some(""),
        Some("../../etc/passwd"),
        Some("' OR 1=1 --"),
    ] {
        let mut header = forge.header();
        header.kid = kid.map(str::to_owned);
        assert_eq!(
            forge.refusal(&forge.signed(&header, &claims())),
            TokenError::UnknownKey
        );
    }
}

#[test]
fn a_key_in_the_header_is_refused() {
    let forge = Forge::new();
    let url = || Some("https://evil.example/jwks.json".to_owned());
    let mut headers = [
        forge.header(),
        forge.header(),
        forge.header(),
        forge.header(),
    ];
    headers[0].jku = url();
    headers[1].x5u = url();
    headers[2].jwk = serde_json::from_value(forge.issuer.jwks()["keys"][0].clone()).unwrap();
    headers[3].crit = Some(vec!["b64".to_owned()]);
    for header in headers {
        assert_eq!(
            forge.refusal(&forge.signed(&header, &claims())),
            TokenError::Malformed
        );
    }
}

#[test]
fn a_token_of_another_platform_is_refused_even_under_the_same_kid() {
    let (forge, other) = (Forge::new(), Forge::new());
    assert_eq!(forge.refusal(&other.tenant_token()), TokenError::UnknownKey);
    assert_eq!(
        forge.refusal(&other.signed(&forge.header(), &claims())),
        TokenError::NotGenuine
    );
    let mut foreign = claims();
    foreign["iss"] = json!("elsewhere");
    assert_eq!(
        forge.refusal(&forge.signed(&forge.header(), &foreign)),
        TokenError::NotForThis
    );
}

#[test]
fn an_edited_token_is_refused() {
    let forge = Forge::new();
    let token = forge.tenant_token();
    let parts: Vec<&str> = token.split('.').collect();
    let edited = format!("{}.{}.{}", parts[0], part(&claims()), parts[2]);
    assert_eq!(forge.refusal(&edited), TokenError::NotGenuine);
}

#[test]
fn every_claim_is_required() {
    let forge = Forge::new();
    let whole = claims();
    for claim in whole.as_object().unwrap().keys() {
        let mut lacking = whole.clone();
        lacking.as_object_mut().unwrap().remove(claim);
        let token = forge.signed(&forge.header(), &lacking);
        assert_eq!(forge.refusal(&token), TokenError::NotForThis, "{claim}");
    }
}

#[test]
fn times_that_are_no_numbers_are_refused() {
    let forge = Forge::new();
    let wrong = [
        json!("never"),
        json!("99999999999"),
        json!(null),
        json!(-1),
        json!(1e30),
        json!([]),
    ];
    for claim in ["exp", "nbf"] {
        for value in wrong
            .iter()
            .filter(|value| claim == "exp" || !value.is_null())
        {
            let mut odd = claims();
            odd[claim] = value.clone();
            let token = forge.signed(&forge.header(), &odd);
            assert!(
                forge.issuer.verify_tenant(&token).is_err(),
                "{claim}: {value}"
            );
        }
    }
}

#[test]
fn a_token_is_refused_after_its_end_and_before_its_beginning() {
    let expired = Forge::with_lifetime(TimeDelta::seconds(-10));
    assert_eq!(
        expired.refusal(&expired.tenant_token()),
        TokenError::Expired
    );

    let forge = Forge::new();
    let mut early = claims();
    early["nbf"] = json!(Utc::now().timestamp() + 60);
    assert_eq!(
        forge.refusal(&forge.signed(&forge.header(), &early)),
        TokenError::NotForThis
    );
}

#[test]
fn what_is_no_token_is_refused() {
    let forge = Forge::new();
    let long = "a".repeat(16_384);
    for text in [
        "", ".", "..", "a.b.c", "....", "rt1.AAAA", "é.é.é", "\0.\0.\0", &long,
    ] {
        assert_eq!(forge.refusal(text), TokenError::Malformed, "{text:?}");
    }
}

#[test]
fn a_token_that_was_seen_before_is_the_same_bearer_and_ends_all_the_same() {
    let forge = Forge::new();
    let token = forge.tenant_token();
    let first = forge.issuer.bearer(&token).unwrap();
    let claims = forge.issuer.verify_tenant(&token).unwrap();
    assert_eq!((first.user, first.session), (claims.sub, claims.sid));
    assert!(Arc::ptr_eq(&first, &forge.issuer.bearer(&token).unwrap()));

    let other = forge.tenant_token();
    let ended = || {
        let exp = Utc::now().timestamp() - 60;
        Ok::<_, TokenError>(TenantClaims { exp, ..claims })
    };
    forge.issuer.ring().seen.get(&other, ended).unwrap();
    assert_eq!(forge.issuer.bearer(&other), Err(TokenError::Expired));
}

#[test]
fn a_token_that_was_refused_is_refused_again() {
    let forge = Forge::new();
    let mut token = forge.tenant_token();
    token.push('x');
    for _ in 0..2 {
        assert!(forge.issuer.bearer(&token).is_err());
    }
}
