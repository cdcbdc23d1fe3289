//! The words by which refusals of the server are known.

use connection::refusal::Refusal;

use crate::twins::Twins;

#[tokio::test]
async fn the_servers_words_for_stale_late_and_cancelled_statements_are_learnt() {
    let twins = Twins::open(|_| {}).await;
    twins.backend().await;
    for (refusal, words) in [
        (Refusal::Stale, "cached plan must not change result type"),
        (
            Refusal::TimedOut,
            "canceling statement due to statement timeout",
        ),
        (
            Refusal::Cancelled,
            "canceling statement due to user request",
        ),
    ] {
        assert_eq!(refusal.learnt(), Some(words));
    }
}
