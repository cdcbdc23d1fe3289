//! `pg_dump` as the judge of structures: schemas dumped in one run, taken apart, and compared entry by entry.
//!
//! Of two dumps only the schema's name, the order of the entries, of a table's columns and of storage parameters may differ.
//! Column order is no step's business, and the order of the others means nothing.

use std::collections::BTreeMap;
use std::process::Command;

use test_app::TestDatabase;

/// What stands in place of the schema's name.
const SCHEMA: &str = "the_schema";

/// What `pg_dump` sets between entries.
const SETTINGS: [&str; 2] = [
    "SET default_tablespace = '';",
    "SET default_table_access_method = heap;",
];

/// Types of entries that the engine manages, unless the text says otherwise.
const MANAGED: [&str; 10] = [
    "TABLE",
    "SEQUENCE",
    "SEQUENCE OWNED BY",
    "TYPE",
    "DEFAULT",
    "CONSTRAINT",
    "CHECK CONSTRAINT",
    "FK CONSTRAINT",
    "INDEX",
    "COMMENT",
];

/// Parts of entries that have a managed type and are none of the engine's all the same.
const UNMANAGED_TEXTS: [&str; 6] = [
    " EXCLUDE USING ",
    "PARTITION BY ",
    "ATTACH PARTITION",
    "COMMENT ON VIEW ",
    "COMMENT ON FUNCTION ",
    "COMMENT ON DOMAIN ",
];

/// The structure of one schema as `pg_dump` writes it, without the schema's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dump {
    /// The engine's objects, sorted.
    pub(crate) managed: Vec<String>,
    /// Other objects, sorted.
    pub(crate) unmanaged: Vec<String>,
}

impl Dump {
    /// What the two differ in among the engine's objects; none when they do not.
    pub(crate) fn difference(&self, target: &Self) -> Option<String> {
        listed(&self.managed, &target.managed)
    }

    /// Objects that are none of the engine's and are in one of the two alone; none when there are no such.
    pub(crate) fn unmanaged_difference(&self, other: &Self) -> Option<String> {
        listed(&self.unmanaged, &other.unmanaged)
    }
}

/// Dumps schemas in one run of `pg_dump`.
pub(crate) fn dump(
    database: &TestDatabase,
    schemas: &[&str],
) -> Result<BTreeMap<String, Dump>, String> {
    let mut command = Command::new(database.program("pg_dump"));
    command.args(["--schema-only", "--no-owner", "--no-privileges"]);
    command.arg("--dbname").arg(database.url());
    command.args(schemas.iter().map(|schema| format!("--schema={schema}")));
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let mut dumps = take_apart(&String::from_utf8_lossy(&output.stdout));
    let of_schema = |schema: &&str| {
        let dump = dumps.remove(*schema).unwrap_or_default();
        ((*schema).to_owned(), dump)
    };
    Ok(schemas.iter().map(of_schema).collect())
}

/// One object of a dump.
struct Entry<'a> {
    schema: &'a str,
    kind: &'a str,
    text: String,
}

fn take_apart(text: &str) -> BTreeMap<String, Dump> {
    let mut dumps: BTreeMap<String, Dump> = BTreeMap::new();
    let entries: Vec<Entry<'_>> = text
        .split("\n--\n-- Name: ")
        .skip(1)
        .filter_map(entry)
        .collect();
    let partitions: Vec<String> = entries.iter().filter_map(partition).collect();
    for entry in entries {
        let dump = dumps.entry(entry.schema.to_owned()).or_default();
        let is_managed = MANAGED.contains(&entry.kind)
            && !UNMANAGED_TEXTS.iter().any(|text| entry.text.contains(text))
            && !partitions.iter().any(|table| entry.text.starts_with(table))
            && (entry.kind != "TYPE" || entry.text.contains(" AS ENUM ("));
        if is_managed {
            dump.managed.push(entry.text);
        } else {
            dump.unmanaged.push(entry.text);
        }
    }
    for dump in dumps.values_mut() {
        dump.managed.sort();
        dump.unmanaged.sort();
    }
    dumps
}

/// How the statement begins that makes the partition which this entry attaches.
fn partition(entry: &Entry<'_>) -> Option<String> {
    let (_, rest) = entry.text.split_once(" ATTACH PARTITION ")?;
    let (name, _) = rest.split_once(" FOR VALUES ")?;
    Some(format!("CREATE TABLE {name} ("))
}

/// An entry from behind its `-- Name: `: the rest of the heading, `--`, and the statements.
fn entry(text: &str) -> Option<Entry<'_>> {
    let (heading, body) = text.split_once("\n--\n")?;
    let (rest, _owner) = heading.rsplit_once("; Owner: ")?;
    let (rest, schema) = rest.rsplit_once("; Schema: ")?;
    let (_name, kind) = rest.rsplit_once("; Type: ")?;
    let is_kept = |line: &&str| !SETTINGS.contains(line);
    let body = body
        .split("\n--\n-- PostgreSQL database dump complete")
        .next()?;
    let lines: Vec<&str> = body.lines().filter(is_kept).collect();
    let body = lines.join("\n").trim().replace(schema, SCHEMA);
    let text = if kind == "TABLE" {
        with_sorted_columns(&body)
    } else {
        body
    };
    let text = with_sorted_options(&text);
    (schema != "-").then_some(Entry { schema, kind, text })
}

/// `CREATE TABLE` with what is between its parentheses one a line, sorted.
fn with_sorted_columns(statement: &str) -> String {
    let inside = |text: &str| -> Option<(usize, usize)> {
        let open = text.find(" (\n")? + 2;
        let close = text.rfind("\n)")?;
        (open < close).then_some((open, close))
    };
    let Some((open, close)) = inside(statement) else {
        return statement.to_owned();
    };
    let mut parts = split_at_commas(&statement[open..close]);
    parts.sort();
    let parts: Vec<String> = parts.iter().map(|part| format!("    {part}")).collect();
    let (head, tail) = (&statement[..open], &statement[close..]);
    format!("{head}\n{}{tail}", parts.join(",\n"))
}

/// The statement with the storage parameters of its last `WITH` sorted.
fn with_sorted_options(statement: &str) -> String {
    let split = || -> Option<(&str, &str, &str)> {
        let (head, rest) = statement.rsplit_once("WITH (")?;
        let (options, tail) = rest.split_once(')')?;
        Some((head, options, tail))
    };
    let Some((head, options, tail)) = split() else {
        return statement.to_owned();
    };
    let mut options = split_at_commas(options);
    options.sort();
    format!("{head}WITH ({}){tail}", options.join(", "))
}

/// Splits at the commas that are neither quoted nor inside parentheses or brackets.
fn split_at_commas(text: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut depth, mut quote) = (0_u32, None);
    for sign in text.chars() {
        match (quote, sign) {
            // A doubled quote closes and opens again.
            (Some(open), _) if sign == open => quote = None,
            (None, '\'' | '"') => quote = Some(sign),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            _ => {}
        }
        if (quote, depth, sign) == (None, 0, ',') {
            parts.push(part.trim().to_owned());
            part.clear();
        } else {
            part.push(sign);
        }
    }
    parts.push(part.trim().to_owned());
    parts
}

fn listed(actual: &[String], desired: &[String]) -> Option<String> {
    let only = |one: &[String], other: &[String], sign: &str| -> String {
        let missing = one.iter().filter(|entry| !other.contains(entry));
        let told: Vec<String> = missing.map(|entry| format!("{sign} {entry}\n")).collect();
        told.concat()
    };
    let text = only(actual, desired, "is:    ") + &only(desired, actual, "should:");
    if text.is_empty() && actual.len() != desired.len() {
        return Some(format!("{actual:#?} is not {desired:#?}"));
    }
    (!text.is_empty()).then_some(text)
}

mod tests {
    use super::*;

    const HEAD: &str =
        "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET lock_timeout = 0;\n";

    fn table(schema: &str, columns: &str) -> String {
        format!(
            "{HEAD}\n--\n-- Name: t; Type: TABLE; Schema: {schema}; Owner: -\n--\n\n\
             CREATE TABLE {schema}.t (\n{columns}\n)\nWITH (fillfactor='70');\n\n\n\
             --\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n"
        )
    }

    fn parsed(schema: &str, columns: &str) -> Dump {
        take_apart(&table(schema, columns)).remove(schema).unwrap()
    }

    #[test]
    fn dumps_that_differ_in_the_schemas_name_and_the_order_of_columns_are_equal() {
        let one = parsed("one", "    a integer,\n    b numeric(3,1) DEFAULT 1.5");
        let other = parsed("other", "    b numeric(3,1) DEFAULT 1.5,\n    a integer");
        assert_eq!(one.difference(&other), None);
        assert_eq!(one.managed.len(), 1);
        assert!(!one.managed[0].contains("restrict"), "{one:?}");
        assert!(one.managed[0].ends_with("WITH (fillfactor='70');"));
    }

    #[test]
    fn dumps_that_differ_in_anything_else_are_not_equal() {
        let one = parsed("one", "    a integer,\n    b text DEFAULT 'x,y'::text");
        for columns in [
            "    a integer,\n    b text DEFAULT 'y,x'::text",
            "    a integer NOT NULL,\n    b text DEFAULT 'x,y'::text",
            "    a integer",
            "    A integer,\n    b text DEFAULT 'x,y'::text",
        ] {
            let other = parsed("one", columns);
            assert!(one.difference(&other).is_some(), "{columns}");
            assert!(other.difference(&one).is_some(), "{columns}");
        }
    }

    #[test]
    fn storage_parameters_are_compared_without_their_order() {
        let one =
            "CREATE INDEX i ON t USING btree (a) WITH (fillfactor='50', b=off) WHERE (a > 1);";
        let other =
            "CREATE INDEX i ON t USING btree (a) WITH (b=off, fillfactor='50') WHERE (a > 1);";
        assert_eq!(with_sorted_options(one), other);
        assert_ne!(
            with_sorted_options(one),
            with_sorted_options(&one.replace("50", "60"))
        );
    }

    #[test]
    fn a_column_over_several_lines_stays_in_one_piece() {
        let parts = split_at_commas(
            "a text DEFAULT 'it''s, (so',\n  CHECK (\nCASE\n  WHEN f(a, b) THEN 1\nEND > 0),\n \"x,y\" int[]",
        );
        assert_eq!(parts.len(), 3, "{parts:?}");
        assert_eq!(parts[2], "\"x,y\" int[]");
    }

    #[test]
    fn views_and_exclusion_constraints_are_none_of_the_engines() {
        let entry = |kind: &str, text: &str| {
            format!("\n--\n-- Name: x; Type: {kind}; Schema: s; Owner: -\n--\n\n{text}\n\n")
        };
        let text = entry("VIEW", "CREATE VIEW s.x AS SELECT 1;")
            + &entry(
                "CONSTRAINT",
                "ALTER TABLE s.t ADD CONSTRAINT x EXCLUDE USING gist (r WITH &&);",
            )
            + &entry("TYPE", "CREATE TYPE s.x AS (a integer);")
            + &entry("TYPE", "CREATE TYPE s.x AS ENUM (\n    'a'\n);");
        let dump = take_apart(&text).remove("s").unwrap();
        assert_eq!((dump.managed.len(), dump.unmanaged.len()), (1, 3));
    }
}
