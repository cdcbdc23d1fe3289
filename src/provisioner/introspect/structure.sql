-- The structure of the schema `n`, in the shape in which definitions are serialised. Lists are in the order of names.
-- What a schema holds is found through `pg_depend`, whose index knows the schema; the indexes of `pg_class` and `pg_type`
-- begin with a name.
json_build_object(
    'enums', (
        SELECT coalesce(json_agg(json_build_object(
                   'name', t.typname,
                   'labels', (SELECT coalesce(json_agg(l.enumlabel ORDER BY l.enumsortorder), '[]')
                                FROM pg_enum l WHERE l.enumtypid = t.oid),
                   'comment', (SELECT m.description FROM pg_description m
                                WHERE m.objoid = t.oid AND m.classoid = 'pg_type'::regclass AND m.objsubid = 0)
               ) ORDER BY t.typname), '[]')
          FROM pg_depend o JOIN pg_type t ON t.oid = o.objid AND t.typtype = 'e'
         WHERE o.refclassid = 'pg_namespace'::regclass AND o.refobjid = n.oid
           AND o.classid = 'pg_type'::regclass AND o.deptype = 'n'
           AND (SELECT e.deptype FROM pg_depend e
                 WHERE e.classid = o.classid AND e.objid = o.objid AND e.deptype = 'e') IS NULL),
    'sequences', (
        SELECT coalesce(json_agg(json_build_object(
                   'name', c.relname,
                   'data_type', format_type(q.seqtypid, NULL),
                   'start', q.seqstart,
                   'increment', q.seqincrement,
                   'minimum', q.seqmin,
                   'maximum', q.seqmax,
                   'cache', q.seqcache,
                   'cycle', q.seqcycle,
                   'owner', (SELECT json_build_object('table', r.relname, 'column', a.attname)
                               FROM pg_depend w
                               JOIN pg_class r ON r.oid = w.refobjid
                               JOIN pg_attribute a ON a.attrelid = w.refobjid AND a.attnum = w.refobjsubid
                              WHERE w.classid = 'pg_class'::regclass AND w.objid = c.oid AND w.objsubid = 0
                                AND w.refclassid = 'pg_class'::regclass AND w.refobjsubid > 0 AND w.deptype = 'a'),
                   'comment', (SELECT m.description FROM pg_description m
                                WHERE m.objoid = c.oid AND m.classoid = 'pg_class'::regclass AND m.objsubid = 0)
               ) ORDER BY c.relname), '[]')
          FROM pg_depend o
          JOIN pg_class c ON c.oid = o.objid AND c.relkind = 'S'
          JOIN pg_sequence q ON q.seqrelid = c.oid
         WHERE o.refclassid = 'pg_namespace'::regclass AND o.refobjid = n.oid
           AND o.classid = 'pg_class'::regclass AND o.deptype = 'n'
           AND (SELECT e.deptype FROM pg_depend e
                 WHERE e.classid = o.classid AND e.objid = o.objid AND e.deptype IN ('e', 'i') LIMIT 1) IS NULL),
    'tables', (
        SELECT coalesce(json_agg(json_build_object(
                   'name', c.relname,
                   'comment', (SELECT m.description FROM pg_description m
                                WHERE m.objoid = c.oid AND m.classoid = 'pg_class'::regclass AND m.objsubid = 0),
                   'unlogged', c.relpersistence = 'u',
                   'options', (SELECT coalesce(json_agg(p.option ORDER BY p.option COLLATE "C"), '[]')
                                 FROM (SELECT unnest(c.reloptions) AS option
                                       UNION ALL
                                       SELECT 'toast.' || unnest(s.reloptions) FROM pg_class s
                                        WHERE s.oid = c.reltoastrelid) p),
                   'columns', {columns},
                   'primary_key', {primary_key},
                   'uniques', {uniques},
                   'indexes', {indexes},
                   'checks', {checks},
                   'foreign_keys', {foreign_keys}
               ) ORDER BY c.relname), '[]')
          FROM {tables}))
