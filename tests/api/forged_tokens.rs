//! Access tokens that this platform did not sign as they are, and those that have ended.

use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::Value;
use test_app::{PASSWORD, TestApp};

use crate::auth::attempt;

/// A copy of a token's claims, changed and signed by somebody else.
fn forged(
    token: &str,
    header: &Header,
    key: &EncodingKey,
    change: impl FnOnce(&mut Value),
) -> String {
    let mut claims = jsonwebtoken::dangerous::insecure_decode::<Value>(token)
        .unwrap()
        .claims;
    change(&mut claims);
    encode(header, &claims, key).unwrap()
}

/// Rules 29, 30, 32 and 37.
#[tokio::test]
async fn a_token_that_this_platform_did_not_sign_is_refused() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let token = alice.token();
    let (head, rest) = token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let own = jsonwebtoken::decode_header(token).unwrap();
    let symmetric = Header {
        kid: own.kid.clone(),
        ..Header::new(Algorithm::HS256)
    };
    let confused = forged(
        token,
        &symmetric,
        &EncodingKey::from_secret(b"guessed"),
        |_| (),
    );
    // {"alg":"none","typ":"JWT"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let login = attempt(&anonymous, "acme", "alice", PASSWORD).await;
    let forgeries = [
        "x".to_owned(),
        "a.b.c".to_owned(),
        format!("{head}.{claims}."),
        format!("{head}.{claims}"),
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!(
            "{head}.{claims}.{}",
            signature.chars().rev().collect::<String>()
        ),
        confused,
        login.text_at("/data/refresh_token"),
    ];
    for forgery in forgeries {
        let answer = alice
            .with_token(&forgery)
            .get("/auth/me")
            .await
            .expect_status(401);
        assert_eq!(answer.code(), "invalid_token", "{forgery}");
        assert_eq!(
            answer.header("WWW-Authenticate"),
            Some(r#"Bearer error="invalid_token""#)
        );
    }
    let in_query = format!("/api/v1/tenants/acme/auth/me?access_token={token}");
    anonymous.get(&in_query).await.expect_status(401);
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let row = app
        .database()
        .client()
        .await
        .query_one("SELECT id, private_key FROM shared.signing_keys", &[])
        .await
        .unwrap();
    let key = EncodingKey::from_ed_der(row.get::<_, &[u8]>(1));
    let header = Header {
        kid: Some(row.get(0)),
        ..jsonwebtoken::decode_header(alice.token()).unwrap()
    };
    let resign = |expires_in: i64| {
        forged(alice.token(), &header, &key, |claims| {
            claims["exp"] = (Utc::now().timestamp() + expires_in).into();
        })
    };
    alice
        .with_token(&resign(60))
        .get("/auth/me")
        .await
        .expect_status(200);
    let expired = alice
        .with_token(&resign(-60))
        .get("/auth/me")
        .await
        .expect_status(401);
    assert_eq!(expired.code(), "invalid_token");
    let never = forged(alice.token(), &header, &key, |claims| {
        claims["exp"] = "never".into();
    });
    alice
        .with_token(&never)
        .get("/auth/me")
        .await
        .expect_status(401);
}
