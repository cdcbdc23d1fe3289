//! Which failures of the database pass by themselves, so that the client is asked to come back rather than told of a fault.

use connection::refusal::Refusal;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tokio_postgres::error::SqlState;

use super::Code;

/// Codes and classes of codes (PostgreSQL manual, appendix A) after which the same request may succeed a moment later:
/// connections, conflicts of transactions, exhausted resources, and an operator's intervention, of which a statement that
/// takes too long (`57014`) is none: it has a code of its own.
const PASSING: [&str; 4] = ["08", "40", "53", "57P"];

/// The code for a query that failed for none of its own reasons.
///
/// Diesel keeps no SQLSTATE. A session that the server has ended, whatever its reason, is known by its end
/// ([`connection::outcome`]); a full disk or memory is not known from a mistake of ours.
pub(super) fn of_query(error: &DieselError) -> Code {
    match error {
        DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::ReadOnlyTransaction,
            _,
        ) => Code::Unavailable,
        error => match Refusal::of(error) {
            Some(Refusal::TimedOut | Refusal::Cancelled) => Code::StatementTimeout,
            Some(Refusal::Stale) | None => Code::Internal,
        },
    }
}

/// The code for a statement below Diesel that failed.
pub(super) fn of_session(error: &tokio_postgres::Error) -> Code {
    let passes = match error.code() {
        Some(code) => is_passing(code),
        // Without an answer of the server, what failed is the connection.
        None => true,
    };
    if passes {
        Code::Unavailable
    } else {
        Code::Internal
    }
}

fn is_passing(code: &SqlState) -> bool {
    PASSING.iter().any(|class| code.code().starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_known_by_its_code() {
        for code in [
            "08006", "40001", "40P01", "53100", "53200", "53300", "57P01", "57P02", "57P03",
        ] {
            assert!(is_passing(&SqlState::from_code(code)), "{code}");
        }
        for code in ["0A000", "23505", "42P01", "57014", "XX000"] {
            assert!(!is_passing(&SqlState::from_code(code)), "{code}");
        }
    }
}
