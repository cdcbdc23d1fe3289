//! What a new password may be, and what of it counts.

use test_app::TestApp;

use crate::password_reset::{forgotten, log_in, reset};

/// Rules 4, 5 and 6. What is refused does not use the token up.
#[tokio::test]
async fn a_new_password_is_a_sentence_and_no_name_that_is_tried_first() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    app.sql("UPDATE shared.tenants SET name = 'Acme Corporation' WHERE slug = 'acme'")
        .await;
    let token = forgotten(&app, &anonymous).await;
    for password in [
        "7 chars",
        "password",
        "Sunshine",
        "12345678",
        "acme corporation",
        "AcmeCorporation2026",
        "Alice-1234567890",
        "alice@acme.example",
    ] {
        let refused = reset(&anonymous, "acme", &token, password)
            .await
            .expect_status(422);
        assert!(
            refused.at("/errors").get("new_password").is_some(),
            "{password}"
        );
    }
    let long = format!("{}X", "a".repeat(72));
    for password in [
        "\u{1f600}".repeat(64),
        "           ".to_owned() + "    ",
        "пароль из слов".to_owned(),
        long,
    ] {
        reset(
            &anonymous,
            "acme",
            &forgotten(&app, &anonymous).await,
            &password,
        )
        .await
        .expect_status(204);
        log_in(&anonymous, "acme", "alice", &password)
            .await
            .expect_status(200);
        app.sql("DELETE FROM shared.mail_outbox").await;
    }
    log_in(&anonymous, "acme", "alice", &"a".repeat(72))
        .await
        .expect_status(401);
}

/// Rule 4: a password is taken exactly as received, so the two forms of a letter are two passwords (OWASP ASVS 6.2.8).
#[tokio::test]
async fn the_same_letters_in_another_normal_form_are_another_password() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let (composed, decomposed) = ("caf\u{e9} am Markt", "cafe\u{301} am Markt");
    let token = forgotten(&app, &anonymous).await;
    reset(&anonymous, "acme", &token, composed)
        .await
        .expect_status(204);
    log_in(&anonymous, "acme", "alice", composed)
        .await
        .expect_status(200);
    log_in(&anonymous, "acme", "alice", decomposed)
        .await
        .expect_status(401);
}
