//! The outbox of mail: in the same transaction as what causes the mail, sent once, tried again, given up.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use connection::{LinkSeed, MailKind, NewMail, TenantConn};
use futures_util::future::join_all;
use rowhouse::config::Config;
use rowhouse::mail::{Delivery, Outbox, Sender};
use rowhouse::platform::Platform;
use test_app::{
    Caller, MailServer, Reception, TestApp, TestDatabase, TestPlatform, config, provision,
};
use tokio_postgres::Client;

/// How soon something must have happened; generous, since machines are loaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes every mail due, as if its pause or lease were over, and tells whoever sends mail.
const MAKE_DUE: &str =
    "UPDATE shared.mail_outbox SET next_attempt_at = now(); NOTIFY rowhouse, 'mail'";

/// The usual tenants and callers, in an app that sends its mail to `server`.
pub(crate) async fn with_mail_server(server: &MailServer) -> (TestApp, Caller, Caller, Caller) {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.mail.smtp_url = Some(server.url().into());
    TestApp::on(database, config, |_| {}).await
}

fn notice(recipient: &str) -> NewMail<'_> {
    NewMail {
        kind: MailKind::PasswordChanged,
        recipient,
        link: None,
    }
}

/// Adds mail as a request to acme would.
async fn add(app: &TestApp, mails: &[NewMail<'_>]) {
    let lease = app.lease(&app.acme).await;
    for mail in mails {
        lease.add_mail(mail.clone()).await.unwrap();
    }
    lease.finish().await.unwrap();
}

/// The outbox in words, in the order in which it was filled.
async fn rows(client: &Client, columns: &str) -> Vec<String> {
    let sql = format!(
        "SELECT concat_ws(' ', {columns}) FROM shared.mail_outbox JOIN shared.tenants ON tenants.id = tenant_id
          ORDER BY mail_outbox.created_at"
    );
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Waits until the outbox holds these rows.
async fn wait_for_rows(client: &Client, columns: &str, expected: &[&str]) {
    let begun = Instant::now();
    loop {
        let found = rows(client, columns).await;
        if found == expected {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{found:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn mail_is_sent_when_its_transaction_commits_and_not_when_it_is_rolled_back() {
    let server = MailServer::start().await;
    let (app, ..) = with_mail_server(&server).await;
    let mut lease = app.lease(&app.acme).await;
    let undone: Result<(), diesel::result::Error> = lease
        .transaction(async |conn: &mut TenantConn| {
            conn.add_mail(notice("undone@example.com")).await?;
            Err(diesel::result::Error::RollbackTransaction)
        })
        .await;
    undone.unwrap_err();
    lease.finish().await.unwrap();
    add(&app, &[notice("done@example.com")]).await;
    let mails = server.wait_for("done@example.com", 1).await;
    let mail = &mails[0];
    assert_eq!(mail.header("Subject"), "Your password for acme was changed");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert!(mail.text().contains("text/plain") && mail.text().contains("text/html"));
    app.wait_for_outbox().await;
    assert_eq!(server.offers("undone@example.com"), 0);
    let client = app.database().client().await;
    assert_eq!(rows(&client, "recipient").await, ["done@example.com"]);
}

#[tokio::test]
async fn mail_that_a_server_defers_or_does_not_take_is_sent_later() {
    let server = MailServer::start().await;
    let (app, ..) = with_mail_server(&server).await;
    let client = app.database().client().await;
    server.receive_by(Reception::Defer);
    add(&app, &[notice("late@example.com")]).await;
    // Until what became of an attempt is recorded, the mail is held for longer than that.
    let state = "attempts, sent_at IS NULL, given_up_at IS NULL, last_error IS NULL, next_attempt_at BETWEEN now() AND now() + interval '2 minutes'";
    wait_for_rows(&client, state, &["1 t t f t"]).await;
    server.receive_by(Reception::HangUp);
    client.batch_execute(MAKE_DUE).await.unwrap();
    wait_for_rows(&client, state, &["2 t t f t"]).await;
    server.receive_by(Reception::Take);
    client.batch_execute(MAKE_DUE).await.unwrap();
    server.wait_for("late@example.com", 1).await;
    app.wait_for_outbox().await;
    assert_eq!(server.offers("late@example.com"), 3);
    assert_eq!(server.taken("late@example.com").len(), 1);
}

#[tokio::test]
async fn mail_that_a_server_refuses_for_good_is_given_up_with_the_reason() {
    let server = MailServer::start().await;
    let (app, ..) = with_mail_server(&server).await;
    server.receive_by(Reception::Refuse);
    add(&app, &[notice("nobody@example.com")]).await;
    app.wait_for_outbox().await;
    let client = app.database().client().await;
    let outcome = rows(&client, "attempts, sent_at, last_error").await;
    assert!(
        outcome[0].starts_with("1 ") && outcome[0].contains("no such mailbox"),
        "{outcome:?}"
    );
    client.batch_execute(MAKE_DUE).await.unwrap();
    add(&app, &[notice("somebody@example.com")]).await;
    app.wait_for_outbox().await;
    assert_eq!(server.offers("nobody@example.com"), 1);
}

#[tokio::test]
async fn mail_is_given_up_after_the_last_attempt_and_when_its_link_has_ended() {
    let server = MailServer::start().await;
    let (app, ..) = with_mail_server(&server).await;
    let client = app.database().client().await;
    server.receive_by(Reception::Defer);
    add(&app, &[notice("late@example.com")]).await;
    wait_for_rows(&client, "attempts, last_error IS NULL", &["1 f"]).await;
    let last = format!("UPDATE shared.mail_outbox SET attempts = 7; {MAKE_DUE}");
    client.batch_execute(&last).await.unwrap();
    wait_for_rows(&client, "attempts, given_up_at IS NULL", &["8 f"]).await;
    let ended = NewMail {
        kind: MailKind::Reset,
        recipient: "ended@example.com",
        link: Some(LinkSeed {
            seed: vec![7; 32],
            expires_at: Utc::now() - TimeDelta::seconds(1),
        }),
    };
    add(&app, &[ended]).await;
    app.wait_for_outbox().await;
    assert_eq!(server.offers("ended@example.com"), 0);
    let seeds = rows(&client, "kind, seed IS NULL, given_up_at IS NULL").await;
    assert_eq!(seeds, ["password_changed t f", "reset t f"]);
}

/// What sends the mail of a platform without a server, as one more process would.
fn outbox(platform: &Platform, config: &Config) -> Outbox {
    let from = config.mail.mail_from.clone();
    let sender = Sender::new(
        from,
        "https://app.example.com".to_owned(),
        platform.mailed_links.key().clone(),
    );
    Outbox::new(platform, sender, Delivery::open(config).unwrap())
}

/// A platform without a server, whose mail goes to `server`.
async fn site(server: &MailServer) -> (TestPlatform, Config) {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.mail.smtp_url = Some(server.url().into());
    (TestPlatform::on(database, &config).await, config)
}

#[tokio::test]
async fn mail_of_a_process_that_dies_while_sending_is_sent_by_the_next() {
    let server = MailServer::start().await;
    let (site, config) = site(&server).await;
    site.platform.changes.listen().await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant.id;
    server.receive_by(Reception::Stall);
    let dying = outbox(&site.platform, &config).start();
    let lease = site.platform.pools.lease(&acme).await.unwrap();
    lease.add_mail(notice("late@example.com")).await.unwrap();
    lease.finish().await.unwrap();
    let begun = Instant::now();
    while server.offers("late@example.com") == 0 {
        assert!(begun.elapsed() < PATIENCE, "nobody sends");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(dying);
    server.receive_by(Reception::Take);
    let _next = outbox(&site.platform, &config).start();
    // Nobody takes it from who may still have it in hand.
    site.run("NOTIFY rowhouse, 'mail'").await;
    site.platform.changes.catch_up().await;
    let held = "SELECT concat_ws(' ', attempts, sent_at IS NULL, next_attempt_at > now()) FROM shared.mail_outbox";
    assert_eq!(site.texts(held).await, ["1 t t"]);
    site.run(MAKE_DUE).await;
    server.wait_for("late@example.com", 1).await;
}

#[tokio::test]
async fn of_many_that_send_at_once_each_mail_is_sent_by_one() {
    let server = MailServer::start().await;
    let (site, config) = site(&server).await;
    site.platform.changes.listen().await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant.id;
    let platforms = join_all((0..4).map(|_| Platform::open(&config))).await;
    let platforms: Vec<Platform> = platforms.into_iter().map(Result::unwrap).collect();
    let mut running = Vec::new();
    for platform in &platforms {
        platform.changes.listen().await;
        running.push(outbox(platform, &config).start());
    }
    let addresses: Vec<String> = (0..50)
        .map(|number| format!("user{number}@example.com"))
        .collect();
    let lease = site.platform.pools.lease(&acme).await.unwrap();
    for address in &addresses {
        lease.add_mail(notice(address)).await.unwrap();
    }
    lease.finish().await.unwrap();
    for address in &addresses {
        server.wait_for(address, 1).await;
    }
    let open = "SELECT recipient FROM shared.mail_outbox WHERE sent_at IS NULL";
    let begun = Instant::now();
    while !site.texts(open).await.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "not all are recorded as sent");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let offers: usize = addresses.iter().map(|address| server.offers(address)).sum();
    assert_eq!(offers, addresses.len());
}

/// Rule 87. A cap over all tenants would let one keep the mail of another from its users.
#[tokio::test]
async fn five_mails_of_a_kind_go_to_an_address_of_a_tenant_in_an_hour() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let again = || notice("often@example.com");
    let registered = NewMail {
        kind: MailKind::AlreadyRegistered,
        ..again()
    };
    add(
        &app,
        &[
            again(),
            again(),
            again(),
            again(),
            again(),
            again(),
            registered,
        ],
    )
    .await;
    let lease = app.lease(&app.globex).await;
    lease.add_mail(again()).await.unwrap();
    lease.finish().await.unwrap();
    assert_eq!(app.mails("often@example.com").await.len(), 7);
    let hour_ago = "UPDATE shared.mail_outbox SET created_at = created_at - interval '1 hour'";
    app.sql(hour_ago).await;
    add(&app, &[again()]).await;
    assert_eq!(app.mails("often@example.com").await.len(), 8);
}

/// Rules 55 and 56: what SQL that somebody managed to inject can do with the outbox.
#[tokio::test]
async fn a_tenants_role_adds_mail_of_its_own_tenant_and_reads_none() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let globex = &app.globex.tenant.schema;
    let mut lease = app.lease(&app.acme).await;
    let add = |schema: &str, kind: &str, recipient: &str| {
        format!("SELECT outbox.add_mail('{schema}', '{kind}', '{recipient}', NULL, NULL)")
    };
    for (sql, refusal) in [
        (
            "SELECT * FROM shared.mail_outbox".to_owned(),
            "permission denied",
        ),
        (
            "DELETE FROM shared.mail_outbox".to_owned(),
            "permission denied",
        ),
        (
            "CREATE FUNCTION outbox.count() RETURNS int LANGUAGE sql AS 'SELECT 1'".to_owned(),
            "permission denied",
        ),
        (
            add(globex, "advertisement", "a@example.com"),
            "mail_outbox_kind_check",
        ),
        (
            add(globex, "reset", "a@example.com"),
            "mail_outbox_seed_check",
        ),
        (
            add(
                globex,
                "password_changed",
                "a@example.com\r\nBcc: b@example.com",
            ),
            "mail_outbox_recipient_check",
        ),
    ] {
        let refused = lease.transaction(async |conn: &mut TenantConn| conn.batch(&sql).await);
        let message = refused.await.expect_err(&sql).to_string();
        assert!(message.contains(refusal), "{sql}: {message}");
    }
    // The path of the caller means nothing inside.
    let shadowed = format!(
        "SET search_path = {globex}, pg_catalog; {}",
        add(globex, "password_changed", "a@example.com")
    );
    lease.batch(&shadowed).await.unwrap();
    lease.finish().await.unwrap();
    let client = app.database().client().await;
    assert_eq!(
        rows(&client, "slug, kind, recipient").await,
        ["acme password_changed a@example.com"]
    );
}

/// Rule 70.
#[tokio::test]
async fn the_name_of_a_tenant_adds_no_header_to_its_mail() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let rename = "UPDATE shared.tenants SET name = E'Acme\r\nBcc: evil@example.com\r\n\r\n\u{202e}<b>x</b>' WHERE slug = 'acme'";
    app.sql(rename).await;
    add(&app, &[notice("ada@example.com")]).await;
    let mails = app.mails("ada@example.com").await;
    let lines = mails[0].header_lines();
    let names: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name)
        .collect();
    let expected = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    ];
    assert_eq!(names, expected, "{}", mails[0].text());
    // Nor a line to its text, nor marks to its page.
    let text = mails[0].text();
    assert!(
        !text.contains("\nBcc: ") && !text.contains("<b>x</b></h1>"),
        "{text}"
    );
}

#[tokio::test]
async fn mail_in_files_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let (app, ..) = TestApp::with_two_tenants().await;
    add(&app, &[notice("ada@example.com")]).await;
    assert_eq!(app.mails("ada@example.com").await.len(), 1);
    let folder = config(app.database().url()).database.data_dir.join("mail");
    for (path, mode) in [(folder.clone(), 0o700)].into_iter().chain(
        std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| (entry.unwrap().path(), 0o600)),
    ) {
        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!(
            metadata.permissions().mode() & 0o777,
            mode,
            "{}",
            path.display()
        );
    }
}
