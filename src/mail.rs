//! Mail to tenant users: taken from the outbox, written, and handed to a mail server or put into files.
//!
//! What causes mail adds it to the outbox in its own transaction ([`connection::NewMail`]) and knows nothing of this room.

mod delivery;
mod letter;
mod outbox;

pub use delivery::{Delivery, DeliveryError};
pub use letter::{Letter, LetterError, Sender};
pub use outbox::Outbox;
