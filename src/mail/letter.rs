//! What a mail says: written from templates when it is sent, as text and as HTML.
//!
//! A letter holds nothing that a user wrote: whoever registers somebody else's address cannot put words into the mail that
//! the other gets. Its link begins with what the operator configured, never with what a request claimed to be its host.

use askama::Template;
use chrono::{DateTime, Utc};
use connection::MailKind;
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use platform_schema::OutgoingMail;
use secrecy::{ExposeSecret, SecretString};

use crate::pepper::mailed_token::{LinkKey, LinkKind};

/// How times are written: `21 November 2026, 18:40 UTC`.
const TIME: &str = "%-d %B %Y, %H:%M UTC";

/// Longest name of a tenant in a letter, in characters.
const LONGEST_NAME: usize = 80;

/// Longest line of a mail, without its end.
const LONGEST_LINE: usize = 998;

/// Why a mail cannot be written. Another attempt ends the same way.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// This build does not know the kind.
    #[error("no template for mail of the kind `{0}`")]
    Kind(String),
    /// The kind has a link, and there is no seed for it.
    #[error("the mail has nothing to make its link from")]
    Seed,
    /// The link has ended.
    #[error("the link has ended before the mail was sent")]
    Late,
    /// The recipient is no address.
    #[error("the recipient is no address")]
    Address(#[from] lettre::address::AddressError),
    /// A template failed.
    #[error("the template failed")]
    Template(#[from] askama::Error),
    /// The parts are no mail.
    #[error("the mail cannot be put together")]
    Message(#[from] lettre::error::Error),
}

/// Who writes: whom mail is from, and where its links lead.
#[derive(Debug, Clone)]
pub struct Sender {
    from: Mailbox,
    public_url: String,
    key: LinkKey,
}

/// A mail about to be written.
#[derive(Debug)]
pub struct Letter {
    kind: MailKind,
    tenant: String,
    link: String,
    until: String,
    at: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    letter: &'a Letter,
    subject: &'a str,
}

impl Sender {
    /// `public_url` has no slash at its end.
    pub fn new(from: Mailbox, public_url: String, key: LinkKey) -> Self {
        Self {
            from,
            public_url,
            key,
        }
    }

    /// Writes a mail.
    ///
    /// # Errors
    /// What keeps it from ever being written.
    pub fn write(&self, mail: &OutgoingMail) -> Result<Message, LetterError> {
        let kind =
            MailKind::parse(&mail.kind).ok_or_else(|| LetterError::Kind(mail.kind.clone()))?;
        let link = match LinkKind::of(kind) {
            Some(kind) => self.link(kind, mail)?.expose_secret().to_owned(),
            None => String::new(),
        };
        let letter = Letter {
            kind,
            tenant: printable(&mail.tenant_name),
            link,
            until: mail.expires_at.map(written).unwrap_or_default(),
            at: written(mail.created_at),
        };
        let subject = letter.subject();
        let html = Html {
            letter: &letter,
            subject: &subject,
        };
        let text = readable(Text { letter: &letter }.render()?);
        let text = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .body(text);
        let bodies = MultiPart::alternative()
            .singlepart(text)
            .singlepart(SinglePart::html(html.render()?));
        let domain = self.from.email.domain();
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, mail.recipient.parse()?))
            .subject(subject)
            .date(mail.created_at.into())
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .raw_header(automatic());
        Ok(message.multipart(bodies)?)
    }

    /// The token stands behind the `#`, which browsers keep to themselves.
    fn link(&self, kind: LinkKind, mail: &OutgoingMail) -> Result<SecretString, LetterError> {
        let seed = mail.seed.as_deref().ok_or(LetterError::Seed)?;
        if mail.expires_at.is_some_and(|end| end <= Utc::now()) {
            return Err(LetterError::Late);
        }
        let (base, slug, page) = (&self.public_url, &mail.tenant_slug, kind.page());
        let token = self.key.token(kind, seed);
        let link = format!("{base}/tenants/{slug}/{page}#token={}", token.expose());
        Ok(link.into())
    }
}

impl Letter {
    fn subject(&self) -> String {
        let tenant = &self.tenant;
        match self.kind {
            MailKind::Verification => format!("Confirm your address for {tenant}"),
            MailKind::Reset => format!("Set a new password for {tenant}"),
            MailKind::Invitation => format!("You are invited to {tenant}"),
            MailKind::AlreadyRegistered => format!("You already have an account at {tenant}"),
            MailKind::PasswordChanged => format!("Your password for {tenant} was changed"),
            MailKind::EmailChanged => format!("Your address for {tenant} was changed"),
        }
    }
}

/// A body that is read without a mail program, its link in one line, if its characters allow that: files of development are
/// looked into. Lines may be as long as 998 characters (RFC 5322 §2.1.1), the library breaks those over 76.
fn readable(text: String) -> Body {
    let lines: Vec<&str> = text.lines().collect();
    if text.is_ascii() && lines.iter().all(|line| line.len() <= LONGEST_LINE) {
        let wire = lines.join("\r\n").into_bytes();
        Body::dangerous_pre_encoded(wire, ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    }
}

/// Tells machines not to answer (RFC 3834 §5).
fn automatic() -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    HeaderValue::new(name, "auto-generated".to_owned())
}

/// A name without what would end a header or turn the text around, cut to a sane length.
fn printable(name: &str) -> String {
    let is_harmless = |character: &char| {
        !character.is_control()
            && !matches!(character, '\u{200e}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let words = name.split(|character: char| !is_harmless(&character));
    let clean: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    clean.join(" ").chars().take(LONGEST_NAME).collect()
}

fn written(time: DateTime<Utc>) -> String {
    time.format(TIME).to_string()
}
