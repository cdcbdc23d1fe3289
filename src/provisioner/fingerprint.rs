//! The fingerprint: a hash of a schema's structure, computed in the database, that does not depend on the schema's name.

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

#[derive(Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    fingerprint: String,
}

/// One line of text for each column, constraint, index, enum, sequence and comment, hashed in order.
///
/// `pg_get_constraintdef`, `pg_get_expr` and the pretty `pg_get_indexdef` leave out the name of a schema that is on the
/// path; the caller puts there the schema that is asked for, alone.
const FINGERPRINT: &str = "
    WITH schema AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema()),
    line(text) AS (
        SELECT concat_ws('|', 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                         nullif(a.attidentity, ''), nullif(a.attgenerated, ''), pg_get_expr(d.adbin, d.adrelid),
                         (SELECT o.collname FROM pg_collation o, pg_type t
                           WHERE o.oid = a.attcollation AND t.oid = a.atttypid AND t.typcollation <> a.attcollation))
          FROM schema s JOIN pg_class c ON c.relnamespace = s.oid AND c.relkind IN ('r', 'p')
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        UNION ALL
        SELECT concat_ws('|', 'constraint', c.relname, k.conname, k.convalidated, pg_get_constraintdef(k.oid))
          FROM schema s JOIN pg_constraint k ON k.connamespace = s.oid JOIN pg_class c ON c.oid = k.conrelid
        UNION ALL
        SELECT concat_ws('|', 'index', i.indisvalid, pg_get_indexdef(i.indexrelid, 0, true))
          FROM schema s JOIN pg_class c ON c.relnamespace = s.oid JOIN pg_index i ON i.indexrelid = c.oid
        UNION ALL
        SELECT concat_ws('|', 'enum', t.typname, e.enumsortorder, e.enumlabel)
          FROM schema s JOIN pg_type t ON t.typnamespace = s.oid JOIN pg_enum e ON e.enumtypid = t.oid
        UNION ALL
        SELECT concat_ws('|', 'sequence', c.relname, format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcycle)
          FROM schema s JOIN pg_class c ON c.relnamespace = s.oid JOIN pg_sequence q ON q.seqrelid = c.oid
        UNION ALL
        SELECT concat_ws('|', 'comment', c.relname, a.attname, m.description)
          FROM schema s JOIN pg_class c ON c.relnamespace = s.oid
          JOIN pg_description m ON m.objoid = c.oid AND m.classoid = 'pg_class'::regclass
          LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = m.objsubid AND m.objsubid > 0)
    SELECT encode(sha256(convert_to(coalesce(string_agg(text, E'\\n' ORDER BY text COLLATE \"C\"), ''), 'UTF8')), 'hex') AS fingerprint
      FROM line";

/// Fingerprint of the schema that the `search_path` names: 64 hexadecimal digits.
///
/// # Errors
/// What the database says.
pub async fn of_current_schema(mut conn: &PlatformConn) -> QueryResult<String> {
    let row: Row = super::raw_sql(FINGERPRINT).get_result(&mut conn).await?;
    Ok(row.fingerprint)
}
