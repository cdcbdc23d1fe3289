(SELECT coalesce(json_agg(json_build_object(
            'name', a.attname,
            'sql_type', format_type(a.atttypid, a.atttypmod),
            'nullable', NOT a.attnotnull,
            'collation', CASE WHEN a.attcollation <> 0 THEN (
                SELECT l.collname FROM pg_type t JOIN pg_collation l ON l.oid <> t.typcollation
                 WHERE t.oid = a.atttypid AND l.oid = a.attcollation) END,
            'default', CASE WHEN a.atthasdef AND a.attgenerated = '' THEN (
                SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
                 WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END,
            'generated', CASE WHEN a.attgenerated = 's' THEN (
                SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
                 WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END,
            'identity', CASE WHEN a.attidentity <> '' THEN json_build_object(
                'kind', CASE a.attidentity WHEN 'a' THEN 'always' ELSE 'by_default' END,
                'sequence', (
                    SELECT json_build_object(
                               'name', s.relname,
                               'data_type', format_type(q.seqtypid, NULL),
                               'start', q.seqstart,
                               'increment', q.seqincrement,
                               'minimum', q.seqmin,
                               'maximum', q.seqmax,
                               'cache', q.seqcache,
                               'cycle', q.seqcycle,
                               'comment', (SELECT m.description FROM pg_description m
                                            WHERE m.objoid = s.oid AND m.classoid = 'pg_class'::regclass AND m.objsubid = 0))
                      FROM pg_depend w
                      JOIN pg_class s ON s.oid = w.objid AND s.relkind = 'S'
                      JOIN pg_sequence q ON q.seqrelid = s.oid
                     WHERE w.refclassid = 'pg_class'::regclass AND w.refobjid = a.attrelid AND w.refobjsubid = a.attnum
                       AND w.classid = 'pg_class'::regclass AND w.deptype = 'i')) END,
            'comment', (SELECT m.description FROM pg_description m
                         WHERE m.objoid = a.attrelid AND m.classoid = 'pg_class'::regclass AND m.objsubid = a.attnum)
        ) ORDER BY a.attname), '[]')
   FROM pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
