concat(
    '{"name":', to_json(s.relname::text),
    ',"data_type":', to_json(format_type(q.seqtypid, NULL)),
    ',"start":', q.seqstart,
    ',"increment":', q.seqincrement,
    ',"minimum":', q.seqmin,
    ',"maximum":', q.seqmax,
    ',"cache":', q.seqcache,
    CASE WHEN q.seqcycle THEN ',"cycle":true' END,
    (SELECT concat(',"owner":{"table":', to_json(r.relname::text), ',"column":', to_json(a.attname::text), '}')
       FROM pg_depend w
       JOIN pg_class r ON r.oid = w.refobjid
       JOIN pg_attribute a ON a.attrelid = w.refobjid AND a.attnum = w.refobjsubid
      WHERE w.classid = 'pg_class'::regclass AND w.objid = s.oid AND w.objsubid = 0
        AND w.refclassid = 'pg_class'::regclass AND w.refobjsubid > 0 AND w.deptype = 'a'),
    ',"comment":' || (SELECT to_json(m.description) FROM pg_description m
                       WHERE m.objoid = s.oid AND m.classoid = 'pg_class'::regclass AND m.objsubid = 0),
    '}')
