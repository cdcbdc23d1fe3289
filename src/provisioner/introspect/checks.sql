SELECT string_agg(concat(
           '{"name":', to_json(k.conname::text),
           ',"expression":', to_json(pg_get_expr(k.conbin, c.oid)),
           CASE WHEN k.connoinherit THEN ',"no_inherit":true' END,
           CASE WHEN NOT k.convalidated THEN ',"not_valid":true' END,
           {constraint_comment},
           '}'), ',' ORDER BY k.conname)
  FROM pg_constraint k
 WHERE k.conrelid = c.oid AND k.contype = 'c'
