(SELECT coalesce(json_agg(json_build_object(
            'name', x.relname,
            'method', am.amname,
            'unique', i.indisunique,
            'keys', {index_keys},
            'include', CASE WHEN i.indnatts = i.indnkeyatts THEN '[]' ELSE (
                SELECT json_agg((SELECT a.attname FROM pg_attribute a
                                  WHERE a.attrelid = i.indrelid AND a.attnum = u.attnum) ORDER BY u.position)
                  FROM unnest(i.indkey) WITH ORDINALITY u(attnum, position)
                 WHERE u.position > i.indnkeyatts) END,
            'predicate', pg_get_expr(i.indpred, i.indrelid),
            'nulls_not_distinct', i.indnullsnotdistinct,
            'options', (SELECT coalesce(json_agg(p.option ORDER BY p.option COLLATE "C"), '[]')
                          FROM unnest(x.reloptions) p(option)),
            'invalid', NOT (i.indisvalid AND i.indisready),
            'comment', (SELECT m.description FROM pg_description m
                         WHERE m.objoid = x.oid AND m.classoid = 'pg_class'::regclass AND m.objsubid = 0)
        ) ORDER BY x.relname), '[]')
   FROM pg_index i
   JOIN pg_class x ON x.oid = i.indexrelid
   JOIN pg_am am ON am.oid = x.relam
  WHERE i.indrelid = c.oid
    AND (SELECT k.oid FROM pg_constraint k
          WHERE k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) IS NULL)
