(SELECT coalesce(json_agg(json_build_object(
            'name', k.conname,
            'expression', pg_get_expr(k.conbin, k.conrelid),
            'no_inherit', k.connoinherit,
            'not_valid', NOT k.convalidated,
            'comment', (SELECT m.description FROM pg_description m
                         WHERE m.objoid = k.oid AND m.classoid = 'pg_constraint'::regclass AND m.objsubid = 0)
        ) ORDER BY k.conname), '[]')
   FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c')
