SELECT string_agg(concat(
           '{"name":', to_json(a.attname::text),
           ',"sql_type":', to_json(format_type(a.atttypid, a.atttypmod)),
           CASE WHEN NOT a.attnotnull THEN ',"nullable":true' END,
           CASE WHEN a.attcollation <> 0 THEN (
               SELECT ',"collation":' || to_json(l.collname::text)
                 FROM pg_type t JOIN pg_collation l ON l.oid <> t.typcollation
                WHERE t.oid = a.atttypid AND l.oid = a.attcollation) END,
           -- A default names no column, so PostgreSQL need not open the table to deparse it.
           CASE WHEN d.adbin IS NOT NULL AND a.attgenerated = '' THEN ',"default":' || to_json(pg_get_expr(d.adbin, 0)) END,
           CASE WHEN a.attgenerated = 's' THEN ',"generated":' || to_json(pg_get_expr(d.adbin, c.oid)) END,
           CASE WHEN a.attidentity <> '' THEN concat(
               ',"identity":{"kind":', CASE a.attidentity WHEN 'a' THEN '"always"' ELSE '"by_default"' END,
               ',"sequence":' || (
                   SELECT {sequence}
                     FROM pg_depend w
                     JOIN pg_class s ON s.oid = w.objid AND s.relkind = 'S'
                     JOIN pg_sequence q ON q.seqrelid = s.oid
                    WHERE w.refclassid = 'pg_class'::regclass AND w.refobjid = c.oid AND w.refobjsubid = a.attnum
                      AND w.classid = 'pg_class'::regclass AND w.deptype = 'i'), '}') END,
           ',"comment":' || to_json(m.description),
           '}'), ',' ORDER BY a.attname)
  FROM pg_attribute a
  -- `OFFSET 0` makes one look for all columns of the table out of one for each.
  LEFT JOIN (SELECT f.adnum, f.adbin FROM pg_attrdef f WHERE f.adrelid = c.oid OFFSET 0) d ON d.adnum = a.attnum
  LEFT JOIN (SELECT o.objsubid, o.description FROM pg_description o
              WHERE o.objoid = c.oid AND o.classoid = 'pg_class'::regclass OFFSET 0) m ON m.objsubid = a.attnum
 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
