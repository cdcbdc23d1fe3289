WITH before AS MATERIALIZED (SELECT current_setting('search_path') AS path),
reading AS MATERIALIZED (
    SELECT s.position,
           CASE WHEN set_config('search_path', quote_ident(s.name) || ', pg_temp', true) IS NOT NULL
                THEN ARRAY[{documents}] END AS documents
      FROM unnest($1::text[]) WITH ORDINALITY s(name, position)
      LEFT JOIN pg_namespace n ON n.nspname = s.name),
after AS MATERIALIZED (
    SELECT set_config('search_path', before.path, true) AS path
      FROM before CROSS JOIN (SELECT count(reading.documents) AS schemas FROM reading) read
     WHERE read.schemas >= 0)
SELECT {columns}
  FROM reading CROSS JOIN after
 ORDER BY reading.position
