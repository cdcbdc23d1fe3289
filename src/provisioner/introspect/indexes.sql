SELECT string_agg(concat(
           '{"name":', to_json(x.relname::text),
           ',"method":', to_json((SELECT am.amname::text FROM pg_am am WHERE am.oid = x.relam)),
           CASE WHEN i.indisunique THEN ',"unique":true' END,
           ',"keys":', to_json(ARRAY({index_keys})),
           CASE WHEN i.indnatts > i.indnkeyatts THEN ',"include":' || {include} END,
           CASE WHEN i.indpred IS NOT NULL THEN ',"predicate":' || to_json(pg_get_expr(i.indpred, c.oid)) END,
           CASE WHEN i.indnullsnotdistinct THEN ',"nulls_not_distinct":true' END,
           {options},
           CASE WHEN NOT (i.indisvalid AND i.indisready) THEN ',"invalid":true' END,
           ',"comment":' || (SELECT to_json(m.description) FROM pg_description m
                              WHERE m.objoid = x.oid AND m.classoid = 'pg_class'::regclass AND m.objsubid = 0),
           '}'), ',' ORDER BY x.relname)
  FROM pg_index i
  JOIN pg_class x ON x.oid = i.indexrelid
 WHERE i.indrelid = c.oid AND (constraints.indexes IS NULL OR i.indexrelid <> ALL (constraints.indexes))
