//! The bootstrap token: it works once, however many try.

use futures_util::future::join_all;
use rowhouse::identity::bootstrap::{self, BootstrapError};
use rowhouse::pepper::password::Password;
use rowhouse::provisioner::order::Requester;
use secrecy::ExposeSecret;
use test_app::{PASSWORD, TestPlatform};

async fn issue(site: &TestPlatform) -> Option<String> {
    let mut conn = site.platform.pools.platform().await.unwrap();
    let token = bootstrap::issue(&mut conn).await.unwrap();
    token.map(|token| token.expose_secret().to_owned())
}

async fn redeem(site: &TestPlatform, token: &str, email: String) -> Result<(), BootstrapError> {
    let password = Password::parse_new(PASSWORD.to_owned()).unwrap();
    let mut conn = site.platform.pools.platform().await.unwrap();
    let hasher = &site.platform.hasher;
    let nobody = Requester::default();
    let admin = bootstrap::redeem(token, email, &password, hasher, &nobody, &mut conn);
    admin.await.map(drop)
}

#[tokio::test]
async fn of_ten_who_redeem_a_token_at_once_one_becomes_the_admin() {
    let site = TestPlatform::open().await;
    let token = issue(&site).await.unwrap();
    let attempts = (0..10).map(|number| redeem(&site, &token, format!("{number}@a.example")));
    let outcomes = join_all(attempts).await;
    let succeeded = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let is_refused = |outcome: &&Result<_, _>| matches!(outcome, Err(BootstrapError::InvalidToken));
    let refused = outcomes.iter().filter(is_refused).count();
    assert_eq!((succeeded, refused), (1, 9), "{outcomes:?}");
    let admins = "SELECT role FROM shared.system_users";
    assert_eq!(site.texts(admins).await, ["super_admin"]);
}

#[tokio::test]
async fn a_newer_token_voids_the_one_before_it() {
    let site = TestPlatform::open().await;
    let (older, newer) = (issue(&site).await.unwrap(), issue(&site).await.unwrap());
    let refused = redeem(&site, &older, "a@a.example".to_owned()).await;
    assert!(matches!(refused, Err(BootstrapError::InvalidToken)));
    redeem(&site, &newer, "a@a.example".to_owned())
        .await
        .unwrap();
    assert_eq!(issue(&site).await, None);
}

#[tokio::test]
async fn the_token_itself_is_not_stored() {
    let site = TestPlatform::open().await;
    let token = issue(&site).await.unwrap();
    let stored = "SELECT encode(token_hash, 'escape') FROM shared.bootstrap_tokens";
    let stored = site.texts(stored).await;
    assert_eq!(stored.len(), 1);
    assert!(!stored.concat().contains(&token));
}
