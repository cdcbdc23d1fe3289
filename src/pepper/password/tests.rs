//! What is accepted as a password, and what a hash of one is good for.

use futures_util::FutureExt;

use super::*;

const COST: u32 = 4;

fn hasher(cost: u32, at_once: usize, queue: usize) -> PasswordHasher {
    let pepper = "a pepper of thirty-two bytes, yes".to_owned().into();
    PasswordHasher::new(&pepper, cost, NonZeroUsize::new(at_once).unwrap(), queue).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse_new(text.to_owned()).unwrap()
}

#[test]
fn seven_characters_are_too_few_and_eight_of_any_kind_are_enough() {
    let too_short = Password::parse_new("🦀".repeat(7)).unwrap_err();
    assert_eq!(too_short, PasswordRuleError::TooShort);
    for text in [
        "aaaaaaaa",
        "        ",
        "pässwörd",
        "🦀🦀🦀🦀🦀🦀🦀🦀",
        "nul\0 too",
    ] {
        assert!(Password::parse_new(text.to_owned()).is_ok(), "{text:?}");
    }
}

#[test]
fn more_than_1024_bytes_are_refused_before_they_are_hashed() {
    assert!(Password::parse_new("a".repeat(1024)).is_ok());
    let long = || "a".repeat(1025);
    assert_eq!(
        Password::parse_new(long()).unwrap_err(),
        PasswordRuleError::TooLong
    );
    assert_eq!(
        Password::presented(long()).unwrap_err(),
        PasswordRuleError::TooLong
    );
}

#[test]
fn a_short_password_may_be_presented() {
    assert!(Password::presented(String::new()).is_ok());
}

#[tokio::test]
async fn a_password_matches_its_own_hash_only() {
    let hasher = hasher(COST, 1, 1);
    let hash = hasher.hash(&password("correct horse")).await.unwrap();
    assert!(hash.expose().starts_with("v1$$2b$04$"));
    let verify = async |text| hasher.verify(&password(text), Some(&hash)).await.unwrap();
    assert_eq!(verify("correct horse").await, Verification::Match);
    assert_eq!(verify("correct horsf").await, Verification::Mismatch);
}

#[tokio::test]
async fn what_follows_the_72nd_byte_counts() {
    let hasher = hasher(COST, 1, 1);
    let stem = "a".repeat(72);
    let hash = hasher.hash(&password(&format!("{stem}X"))).await.unwrap();
    let verification = hasher.verify(&password(&stem), Some(&hash)).await.unwrap();
    assert_eq!(verification, Verification::Mismatch);
}

#[tokio::test]
async fn sixty_four_emoji_are_a_password_to_the_last_one() {
    let hasher = hasher(COST, 1, 1);
    let crabs = password(&"🦀".repeat(64));
    let hash = hasher.hash(&crabs).await.unwrap();
    assert_eq!(
        hasher.verify(&crabs, Some(&hash)).await.unwrap(),
        Verification::Match
    );
    let fewer = password(&"🦀".repeat(63));
    assert_eq!(
        hasher.verify(&fewer, Some(&hash)).await.unwrap(),
        Verification::Mismatch
    );
}

#[tokio::test]
async fn composed_and_decomposed_letters_are_different_passwords() {
    let hasher = hasher(COST, 1, 1);
    let hash = hasher.hash(&password("caf\u{e9} noir")).await.unwrap();
    let decomposed = password("cafe\u{301} noir");
    assert_eq!(
        hasher.verify(&decomposed, Some(&hash)).await.unwrap(),
        Verification::Mismatch
    );
}

#[tokio::test]
async fn a_password_does_not_match_under_another_pepper() {
    let hash = hasher(COST, 1, 1)
        .hash(&password("correct horse"))
        .await
        .unwrap();
    let pepper = "another pepper of thirty-two bytes".to_owned().into();
    let other = PasswordHasher::new(&pepper, COST, NonZeroUsize::MIN, 1).unwrap();
    let verification = other.verify(&password("correct horse"), Some(&hash)).await;
    assert_eq!(verification.unwrap(), Verification::Mismatch);
}

#[tokio::test]
async fn a_hash_of_another_cost_is_to_be_renewed() {
    let hash = hasher(COST, 1, 1)
        .hash(&password("correct horse"))
        .await
        .unwrap();
    let dearer = hasher(COST + 1, 1, 1);
    let verification = dearer.verify(&password("correct horse"), Some(&hash)).await;
    assert_eq!(verification.unwrap(), Verification::MatchNeedsRehash);
}

#[tokio::test]
async fn an_unknown_user_costs_a_comparison_with_a_valid_hash_of_the_current_cost() {
    let hasher = hasher(COST + 1, 1, 1);
    let (_, parts) = hasher.dummy.parse().unwrap();
    assert_eq!(parts.get_cost(), COST + 1);
    let verification = hasher
        .verify(&password("correct horse"), None)
        .await
        .unwrap();
    assert_eq!(verification, Verification::Mismatch);
}

#[tokio::test]
async fn a_hash_of_something_else_is_an_error() {
    let hasher = hasher(COST, 1, 1);
    for text in ["", "v2$x", "$2b$04$short", "v1$$2b$04$short"] {
        let stored = PasswordHash::stored(text.to_owned());
        assert!(
            hasher
                .verify(&password("correct horse"), Some(&stored))
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn passwords_wait_for_their_turn_and_are_turned_away_when_the_queue_is_full() {
    let hasher = hasher(COST, 1, 1);
    let chosen = password("correct horse");
    let busy = hasher.admit().await.unwrap();

    let mut waiting = Box::pin(hasher.hash(&chosen));
    assert!(waiting.as_mut().now_or_never().is_none());
    let refused = hasher.hash(&chosen).await.unwrap_err();
    assert!(matches!(refused, PasswordError::Overloaded));

    drop(busy);
    assert!(waiting.await.is_ok());
    assert!(hasher.hash(&chosen).await.is_ok());
}

#[test]
fn a_cost_out_of_range_is_refused() {
    let pepper = "pepper".to_owned().into();
    for cost in [0, 3, 32] {
        assert!(PasswordHasher::new(&pepper, cost, NonZeroUsize::MIN, 1).is_err());
    }
}

#[test]
fn nothing_secret_is_in_the_debug_output() {
    let shown = format!(
        "{:?} {:?}",
        password("correct horse"),
        PasswordHash::stored("v1$x".to_owned())
    );
    assert_eq!(shown, "Password PasswordHash");
}
