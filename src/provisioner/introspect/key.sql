SELECT concat(
           ',"columns":', to_json(ARRAY(SELECT own.names[u.attnum] FROM unnest(k.conkey) u(attnum))),
           CASE WHEN i.indnatts > i.indnkeyatts THEN ',"include":' || {include} END,
           CASE WHEN i.indnullsnotdistinct THEN ',"nulls_not_distinct":true' END,
           {deferrable},
           {options})
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
 WHERE i.indexrelid = k.conindid
