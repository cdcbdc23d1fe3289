//! Probes: questions to the live rows, asked before anything is changed.

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::super::namespace::Namespace;
use super::super::plan::hazard::{HazardKind, Refusal};
use super::super::raw_sql;
use super::draft::Draft;

/// How long the questions of one plan may take each, in milliseconds. An answer that takes longer stays unknown.
const TIMEOUT_MS: u32 = 30_000;

/// A question to the rows and what its answer means.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// A query with one row: `count` and `sample`.
    pub(super) sql: String,
    /// What to do with the answer.
    pub(super) answer: Answer,
}

/// What a count means.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// It is the size of the step's hazard of this kind.
    Counts(HazardKind),
    /// Any row makes the change impossible.
    Refuses {
        /// What cannot be changed.
        object: String,
        /// Why, and what to do about it.
        reason: String,
    },
    /// The query itself fails where the change would: its message is the reason.
    Tries {
        /// What cannot be changed.
        object: String,
        /// The hazard that the count of concerned rows belongs to.
        kind: HazardKind,
    },
}

#[derive(Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Nullable<Text>)]
    sample: Option<String>,
}

impl Probe {
    /// The rows that `condition` holds for are those that the step's hazard of this kind concerns.
    pub(super) fn counts(source: &str, condition: &str, kind: HazardKind) -> Self {
        Self::rows(source, condition, Answer::Counts(kind))
    }

    /// Any row that `condition` holds for makes the change of `object` impossible.
    pub(super) fn refuses(
        source: &str,
        condition: &str,
        object: String,
        reason: impl Into<String>,
    ) -> Self {
        let reason = reason.into();
        Self::rows(source, condition, Answer::Refuses { object, reason })
    }

    /// Like [`Self::counts`], of a condition that fails where the change of `object` would.
    pub(super) fn tries(source: &str, condition: &str, object: String, kind: HazardKind) -> Self {
        Self::rows(source, condition, Answer::Tries { object, kind })
    }

    /// Counts the rows of `source` that `condition` holds for; a sample is the row as text.
    fn rows(source: &str, condition: &str, answer: Answer) -> Self {
        Self {
            sql: format!(
                "SELECT count(*) AS count, left(min(row_to_json(probed)::text), 200) AS sample FROM {source} AS probed WHERE {condition}"
            ),
            answer,
        }
    }
}

/// Asks all questions, writes the counts into the drafts and gives what turned out to be impossible.
///
/// # Errors
/// What the database says of anything but a question.
pub(super) async fn ask(
    drafts: &mut [Draft],
    schema: &Namespace,
    conn: &mut PlatformConn,
) -> QueryResult<Vec<Refusal>> {
    let mut refusals = Vec::new();
    if drafts.iter().all(|draft| draft.probes.is_empty()) {
        return Ok(refusals);
    }
    conn.begin().await?;
    conn.batch(&format!(
        "{}; SET LOCAL statement_timeout = {TIMEOUT_MS}",
        schema.set_local_path()
    ))
    .await?;
    for draft in drafts {
        for probe in std::mem::take(&mut draft.probes) {
            let answer = conn
                .transaction(async |conn| load(&probe.sql, conn).await)
                .await;
            refusals.extend(draft.take_answer(probe, answer));
        }
    }
    conn.commit().await?;
    Ok(refusals)
}

async fn load(sql: &str, mut conn: &PlatformConn) -> QueryResult<Row> {
    raw_sql(sql).get_result(&mut conn).await
}

impl Draft {
    fn take_answer(&mut self, probe: Probe, answer: QueryResult<Row>) -> Option<Refusal> {
        match (probe.answer, answer) {
            (Answer::Counts(kind) | Answer::Tries { kind, .. }, Ok(row)) => {
                self.count(kind, row.count);
                None
            }
            (Answer::Refuses { object, reason }, Ok(row)) if row.count > 0 => Some(Refusal {
                object,
                reason,
                count: Some(row.count),
                sample: row.sample,
            }),
            (Answer::Tries { object, .. }, Err(error)) if is_about_data(&error) => Some(Refusal {
                object,
                reason: format!("a row that is there cannot be changed: {error}"),
                count: None,
                sample: None,
            }),
            _ => None,
        }
    }

    fn count(&mut self, kind: HazardKind, count: i64) {
        let mut hazards = self.step.hazards.iter_mut();
        if let Some(hazard) = hazards.find(|hazard| hazard.kind == kind) {
            hazard.count = Some(count);
        }
    }
}

/// Whether a value was the problem, and not the question: a timeout or a column that is not there yet proves nothing.
fn is_about_data(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind, Error};
    match error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            let message = information.message();
            !message.contains("canceling statement") && !message.contains("does not exist")
        }
        _ => false,
    }
}
