SELECT concat(
           ',"columns":', to_json(ARRAY(SELECT own.names[u.attnum] FROM unnest(k.conkey) u(attnum))),
           CASE WHEN r.relnamespace <> n.oid THEN ',"references_schema":' || (
               SELECT to_json(s.nspname::text) FROM pg_namespace s WHERE s.oid = r.relnamespace) END,
           ',"references_table":', to_json(r.relname::text),
           ',"references_columns":', to_json(ARRAY(SELECT (SELECT a.attname::text FROM pg_attribute a
                                                            WHERE a.attrelid = r.oid AND a.attnum = u.attnum)
                                                     FROM unnest(k.confkey) u(attnum))),
           ',"on_delete":"' || {on_delete} || '"',
           ',"on_update":"' || {on_update} || '"',
           CASE WHEN k.confdelsetcols IS NOT NULL THEN
               ',"set_columns":' || to_json(ARRAY(SELECT own.names[u.attnum] FROM unnest(k.confdelsetcols) u(attnum))) END,
           CASE WHEN k.confmatchtype = 'f' THEN ',"match_full":true' END,
           {deferrable},
           CASE WHEN NOT k.convalidated THEN ',"not_valid":true' END)
  FROM pg_class r
 WHERE r.oid = k.confrelid
