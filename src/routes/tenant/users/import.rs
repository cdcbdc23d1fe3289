//! Users out of a table: checked line by line, and added all or none.

use std::collections::{BTreeMap, HashSet};

use connection::TenantConn;
use csv::{ReaderBuilder, StringRecord, Trim};
use serde::Serialize;
use serde_json::json;
use tenant_schema::identity::{NewUser, User};
use tenant_schema::settings::{Audited, Change};
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::{CreateUser, RoleNames};
use super::change;
use crate::error::{ApiError, Code, FieldErrors};
use crate::identity::authority::Authority;
use crate::identity::invitation::welcome;
use crate::identity::signed_in::SignedIn;
use crate::platform::Platform;

/// Most users of one table.
const MOST_LINES: usize = 1_000;

/// The names that columns can have; the first two are needed. There is none for passwords: who is imported is invited.
const COLUMNS: [&str; 8] = [
    "email",
    "username",
    "first_name",
    "last_name",
    "middle_name",
    "image",
    "timezone",
    "roles",
];

/// What separates the names of roles in a cell.
const BETWEEN_ROLES: char = ';';

/// What became of a table.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportReport {
    /// Whether nothing was to be added.
    dry_run: bool,
    /// Users that were added.
    created: usize,
    /// Lines with faults. Where there is one, none is added.
    invalid: usize,
    lines: Vec<LineReport>,
}

/// What became of a line.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LineReport {
    /// Number of the line in the table; the names are line 1.
    line: u64,
    username: String,
    /// The user, if they were added.
    id: Option<Uuid>,
    /// Field → what is wrong with it.
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    errors: FieldErrors,
}

/// A line that was read and checked as far as it can be by itself.
struct Line {
    report: LineReport,
    user: Option<(NewUser, RoleNames)>,
}

impl SignedIn {
    /// Adds the users of a table, and invites them by mail; without adding any where `dry_run`.
    ///
    /// # Errors
    /// `validation_failed` for what is no such table, and, unless `dry_run`, with every fault of every line; `conflict`
    /// where somebody has taken a name meanwhile; or a failure of the database.
    pub(super) async fn import_users(
        &mut self,
        table: &[u8],
        dry_run: bool,
        platform: &Platform,
    ) -> Result<ImportReport, ApiError> {
        let authority = Authority::of(self);
        let mut lines = Vec::new();
        for (number, user) in read(table)? {
            lines.push(Line::check(number, user, self, platform).await?);
        }
        find_takers(&mut lines, self.conn().await?).await?;
        for line in &mut lines {
            line.check_roles(&authority, self.conn().await?).await?;
        }
        let invalid = lines.iter().filter(|line| line.is_faulty()).count();
        if invalid > 0 && !dry_run {
            return Err(ApiError::new(Code::ValidationFailed).fields(faults(&lines)));
        }
        let created = if dry_run {
            BTreeMap::new()
        } else {
            self.add(&lines, &authority, platform).await?
        };
        Ok(report(lines, invalid, dry_run, &created))
    }

    /// Adds the users, and gives their ids by line.
    async fn add(
        &mut self,
        lines: &[Line],
        authority: &Authority,
        platform: &Platform,
    ) -> Result<BTreeMap<u64, Uuid>, ApiError> {
        self.mutate("users.import", async |conn| {
            let (mut ids, mut users) = (BTreeMap::new(), Vec::new());
            for line in lines {
                let Some((new, roles)) = &line.user else {
                    continue;
                };
                let link = platform.mailed_links.make(welcome(new))?;
                let (created, _) = change::create(new, roles, &link, authority, conn).await?;
                ids.insert(line.report.line, created.user.id);
                let user = &created.user;
                users.push(json!({ "id": user.id, "email": user.email, "username": user.username, "roles": created.roles }));
            }
            let change = Change::about(User::KIND, None, json!({ "users": users }));
            Ok((ids, change))
        })
        .await
    }
}

impl Line {
    async fn check(
        number: u64,
        user: CreateUser,
        caller: &SignedIn,
        platform: &Platform,
    ) -> Result<Self, ApiError> {
        user.authorize(caller)?;
        let username = user.username.clone();
        let checked = user.into_new_user(caller.tenant(), &platform.hasher).await;
        let (user, errors) = match checked {
            Ok(user) => (Some(user), FieldErrors::new()),
            Err(error) if error.code() == Code::ValidationFailed => {
                (None, error.field_errors().clone())
            }
            Err(error) => return Err(error),
        };
        let report = LineReport {
            line: number,
            username,
            id: None,
            errors,
        };
        Ok(Self { report, user })
    }

    /// Finds out whether the roles are there, and the caller's to give.
    async fn check_roles(
        &mut self,
        authority: &Authority,
        conn: &TenantConn,
    ) -> Result<(), ApiError> {
        let Some((_, names)) = &self.user else {
            return Ok(());
        };
        let given = match names.find(conn).await {
            Ok(roles) => roles
                .iter()
                .try_for_each(|role| authority.require_to_give(role)),
            Err(error) => Err(error),
        };
        match given {
            Ok(()) => {}
            Err(error) if error.code() == Code::ValidationFailed => {
                self.report.errors.extend(error.field_errors().clone());
            }
            Err(error) if error.code() == Code::PermissionDenied => {
                self.fault("roles", error.public_detail());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn fault(&mut self, field: &str, message: &str) {
        let faults = self.report.errors.entry(field.to_owned()).or_default();
        faults.push(message.to_owned());
    }

    fn is_faulty(&self) -> bool {
        !self.report.errors.is_empty()
    }
}

/// The lines of a table with their numbers.
fn read(table: &[u8]) -> Result<Vec<(u64, CreateUser)>, ApiError> {
    let unreadable = |detail: String| ApiError::new(Code::ValidationFailed).field("table", detail);
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(table);
    let names = reader
        .headers()
        .map_err(|error| unreadable(error.to_string()))?;
    let names = names.clone();
    let known = |name: &str| COLUMNS.contains(&name);
    if let Some(name) = names.iter().find(|name| !known(name)) {
        let columns = COLUMNS.join("`, `");
        return Err(unreadable(format!(
            "there is no column `{name}` (hint: the columns are `{columns}`)"
        )));
    }
    let mut users = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(error.to_string()))?;
        if users.len() == MOST_LINES {
            return Err(unreadable(format!("has more than {MOST_LINES} users")));
        }
        let number = record.position().map_or(0, csv::Position::line);
        users.push((number, user(&names, &record)));
    }
    Ok(users)
}

/// The user of a line. A cell that is empty or not there is a field that is not given.
fn user(names: &StringRecord, record: &StringRecord) -> CreateUser {
    let cell = |name: &str| {
        let place = names.iter().position(|column| column == name)?;
        let text = record.get(place).filter(|text| !text.is_empty())?;
        Some(text.to_owned())
    };
    let roles = cell("roles").unwrap_or_default();
    let roles = roles.split(BETWEEN_ROLES).map(str::trim);
    CreateUser {
        email: cell("email").unwrap_or_default(),
        username: cell("username").unwrap_or_default(),
        password: None,
        first_name: cell("first_name"),
        last_name: cell("last_name"),
        middle_name: cell("middle_name"),
        image: cell("image"),
        timezone: cell("timezone"),
        roles: roles
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    }
}

/// Finds addresses and names that another line or user has.
async fn find_takers(lines: &mut [Line], conn: &TenantConn) -> Result<(), ApiError> {
    let keys = |key: fn(&NewUser) -> &String| -> Vec<String> {
        let users = lines.iter().filter_map(|line| line.user.as_ref());
        users.map(|(user, _)| key(user).to_lowercase()).collect()
    };
    let (emails, usernames) = (keys(|user| &user.email), keys(|user| &user.username));
    let (emails, usernames) = User::taken(&emails, &usernames, conn).await?;
    let mut emails: HashSet<String> = emails.into_iter().collect();
    let mut usernames: HashSet<String> = usernames.into_iter().collect();
    for line in lines {
        let Some((user, _)) = &line.user else {
            continue;
        };
        let has_email = !emails.insert(user.email.to_lowercase());
        let has_username = !usernames.insert(user.username.to_lowercase());
        for (field, is_taken) in [("email", has_email), ("username", has_username)] {
            if is_taken {
                line.fault(field, "is already taken");
            }
        }
    }
    Ok(())
}

/// The faults of all lines: `lines.3.email`.
fn faults(lines: &[Line]) -> FieldErrors {
    let of_line = |line: &Line| {
        let number = line.report.line;
        let errors = line.report.errors.clone().into_iter();
        errors.map(move |(field, faults)| (format!("lines.{number}.{field}"), faults))
    };
    lines.iter().flat_map(of_line).collect()
}

fn report(
    lines: Vec<Line>,
    invalid: usize,
    dry_run: bool,
    created: &BTreeMap<u64, Uuid>,
) -> ImportReport {
    let lines = lines.into_iter().map(|line| LineReport {
        id: created.get(&line.report.line).copied(),
        ..line.report
    });
    ImportReport {
        dry_run,
        created: created.len(),
        invalid,
        lines: lines.collect(),
    }
}
