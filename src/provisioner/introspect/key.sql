concat(
    '{"name":', to_json(k.conname::text),
    ',"columns":', to_json(ARRAY(SELECT (SELECT a.attname::text FROM pg_attribute a
                                          WHERE a.attrelid = c.oid AND a.attnum = u.attnum)
                                   FROM unnest(k.conkey) u(attnum))),
    CASE WHEN i.indnatts > i.indnkeyatts THEN ',"include":' || {include} END,
    CASE WHEN i.indnullsnotdistinct THEN ',"nulls_not_distinct":true' END,
    {deferrable},
    (SELECT {options} FROM pg_class x WHERE x.oid = k.conindid),
    {constraint_comment},
    '}')
