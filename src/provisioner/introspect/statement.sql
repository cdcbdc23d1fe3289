WITH before AS MATERIALIZED (SELECT current_setting('search_path') AS path),
reading AS MATERIALIZED (
    SELECT s.position,
           before.path,
           CASE WHEN set_config('search_path', quote_ident(s.name) || ', pg_temp', true) IS NOT NULL
                THEN {documents} END AS documents
      FROM before
      -- The subquery hides from the planner how many names there are: it would plan each time anew.
      CROSS JOIN unnest((SELECT {names}::text[])) WITH ORDINALITY s(name, position)
      LEFT JOIN pg_namespace n ON n.nspname = s.name),
after AS MATERIALIZED (
    -- An empty list of schemas must not set a path at all.
    SELECT set_config('search_path', max(reading.path), true) FROM reading HAVING count(reading.documents) > 0)
SELECT {columns}
  FROM reading CROSS JOIN after
 ORDER BY reading.position
