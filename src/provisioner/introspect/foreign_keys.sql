(SELECT coalesce(json_agg(json_build_object(
            'name', k.conname,
            'columns', (SELECT json_agg((SELECT a.attname FROM pg_attribute a
                                          WHERE a.attrelid = k.conrelid AND a.attnum = u.attnum) ORDER BY u.position)
                          FROM unnest(k.conkey) WITH ORDINALITY u(attnum, position)),
            'references_schema', CASE WHEN r.relnamespace <> n.oid THEN (
                SELECT s.nspname FROM pg_namespace s WHERE s.oid = r.relnamespace) END,
            'references_table', r.relname,
            'references_columns', (SELECT json_agg((SELECT a.attname FROM pg_attribute a
                                                     WHERE a.attrelid = k.confrelid AND a.attnum = u.attnum)
                                                    ORDER BY u.position)
                                     FROM unnest(k.confkey) WITH ORDINALITY u(attnum, position)),
            'on_delete', {on_delete},
            'on_update', {on_update},
            'set_columns', CASE WHEN k.confdelsetcols IS NULL THEN '[]' ELSE (
                SELECT json_agg((SELECT a.attname FROM pg_attribute a
                                  WHERE a.attrelid = k.conrelid AND a.attnum = u.attnum) ORDER BY u.position)
                  FROM unnest(k.confdelsetcols) WITH ORDINALITY u(attnum, position)) END,
            'match_full', k.confmatchtype = 'f',
            'deferrable', {deferrable},
            'not_valid', NOT k.convalidated,
            'comment', (SELECT m.description FROM pg_description m
                         WHERE m.objoid = k.oid AND m.classoid = 'pg_constraint'::regclass AND m.objsubid = 0)
        ) ORDER BY k.conname), '[]')
   FROM pg_constraint k JOIN pg_class r ON r.oid = k.confrelid
  WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conparentid = 0)
