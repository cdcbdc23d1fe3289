json_build_object(
    'name', k.conname,
    'columns', (SELECT json_agg((SELECT a.attname FROM pg_attribute a
                                  WHERE a.attrelid = k.conrelid AND a.attnum = u.attnum) ORDER BY u.position)
                  FROM unnest(k.conkey) WITH ORDINALITY u(attnum, position)),
    'include', CASE WHEN i.indnatts = i.indnkeyatts THEN '[]' ELSE (
        SELECT json_agg((SELECT a.attname FROM pg_attribute a
                          WHERE a.attrelid = k.conrelid AND a.attnum = u.attnum) ORDER BY u.position)
          FROM unnest(i.indkey) WITH ORDINALITY u(attnum, position)
         WHERE u.position > i.indnkeyatts) END,
    'nulls_not_distinct', i.indnullsnotdistinct,
    'deferrable', {deferrable},
    'options', (SELECT coalesce(json_agg(p.option ORDER BY p.option COLLATE "C"), '[]')
                  FROM pg_class x, unnest(x.reloptions) p(option) WHERE x.oid = k.conindid),
    'comment', (SELECT m.description FROM pg_description m
                 WHERE m.objoid = k.oid AND m.classoid = 'pg_constraint'::regclass AND m.objsubid = 0))
