SELECT string_agg(concat(
           '{"name":', to_json(a.attname::text),
           ',"sql_type":', to_json(format_type(a.atttypid, a.atttypmod)),
           CASE WHEN NOT a.attnotnull THEN ',"nullable":true' END,
           -- Most columns with a collation are of a type whose collation is known without a look.
           CASE WHEN a.attcollation <> 0
                 AND NOT (a.attcollation = 'pg_catalog."default"'::regcollation
                          AND a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)) THEN (
               SELECT ',"collation":' || to_json(l.collname::text)
                 FROM pg_type t JOIN pg_collation l ON l.oid <> t.typcollation
                WHERE t.oid = a.atttypid AND l.oid = a.attcollation) END,
           CASE WHEN a.atthasdef THEN (
               -- A default names no column, so PostgreSQL need not open the table to deparse it.
               SELECT CASE a.attgenerated WHEN '' THEN ',"default":' || to_json(pg_get_expr(f.adbin, 0))
                                          WHEN 's' THEN ',"generated":' || to_json(pg_get_expr(f.adbin, c.oid)) END
                 FROM pg_attrdef f WHERE f.adrelid = c.oid AND f.adnum = a.attnum) END,
           CASE WHEN a.attidentity <> '' THEN concat(
               ',"identity":{"kind":', CASE a.attidentity WHEN 'a' THEN '"always"' ELSE '"by_default"' END,
               ',"sequence":' || (
                   SELECT {sequence}
                     FROM pg_depend w
                     JOIN pg_class s ON s.oid = w.objid AND s.relkind = 'S'
                     JOIN pg_sequence q ON q.seqrelid = s.oid
                    WHERE w.refclassid = 'pg_class'::regclass AND w.refobjid = c.oid AND w.refobjsubid = a.attnum
                      AND w.classid = 'pg_class'::regclass AND w.deptype = 'i'), '}') END,
           ',"comment":' || to_json(comment.texts[array_position(comment.columns, a.attnum::integer)]),
           '}'), ',')
  -- The index on the names gives them in order, and aggregates keep the order that they are given.
  FROM (SELECT y.* FROM pg_attribute y
         WHERE y.attrelid = c.oid AND y.attnum > 0 AND NOT y.attisdropped ORDER BY y.attname) a
