//! What is made with the pepper, the one secret of the server that the database lacks: hashes of passwords, seals, and the keys of
//! links and receipts. Knows no HTTP.

pub mod attachment_link;
pub mod mailed_link;
pub mod mailed_token;
pub mod password;
pub mod receipt;
pub mod sealing;
