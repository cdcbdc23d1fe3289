SELECT concat(
            CASE WHEN u.attnum <> 0 THEN '"' || replace(a.attname, '"', '""') || '"'
                 ELSE regexp_replace(pg_get_indexdef(i.indexrelid, u.position::integer, false), '^([^(].*)$', '(\1)') END,
            CASE WHEN i.indcollation[u.position - 1] <> 0 THEN (
                SELECT ' COLLATE "' || replace(l.collname, '"', '""') || '"'
                  FROM pg_collation l JOIN pg_type t ON t.oid = a.atttypid
                 WHERE l.oid = i.indcollation[u.position - 1]
                   AND (l.oid <> CASE WHEN u.attnum <> 0 THEN a.attcollation ELSE t.typcollation END
                        OR u.attnum = 0 AND pg_get_indexdef(i.indexrelid) LIKE '%COLLATE "default"%')) END,
            CASE WHEN (i.indclass[u.position - 1], a.atttypid) NOT IN (SELECT q.oid, q.opcintype FROM pg_opclass q WHERE q.opcdefault)
                      OR b.attoptions IS NOT NULL THEN (
                SELECT concat(' ', CASE WHEN NOT pg_opclass_is_visible(q.oid) THEN quote_ident(s.nspname) || '.' END,
                              quote_ident(q.opcname), ' (' || h.options || ')')
                  FROM pg_opclass q
                  JOIN pg_namespace s ON s.oid = q.opcnamespace
                  JOIN pg_type w ON w.oid = q.opcintype
                  JOIN pg_type t ON t.oid = a.atttypid
                  CROSS JOIN (SELECT string_agg(p.option, ', ' ORDER BY p.option COLLATE "C") AS options
                                FROM unnest(b.attoptions) p(option) WHERE p.option NOT LIKE 'pg\_attver=%') h
                 WHERE q.oid = i.indclass[u.position - 1]
                   AND (h.options IS NOT NULL
                        OR NOT q.opcdefault
                        OR NOT (w.oid IN (t.oid, t.typbasetype)
                                OR w.typtype = 'p'
                                OR u.attnum = 0 AND q.opckeytype <> 0
                                OR w.typispreferred AND NOT EXISTS (
                                   SELECT FROM pg_opclass y
                                    WHERE y.opcmethod = q.opcmethod AND y.opcdefault
                                      AND y.opcintype = coalesce(nullif(t.typbasetype, 0), t.oid))))) END,
            CASE i.indoption[u.position - 1] WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST' WHEN 3 THEN ' DESC' END
        )
   FROM unnest(i.indkey) WITH ORDINALITY u(attnum, position)
   JOIN pg_attribute a ON a.attrelid = CASE WHEN u.attnum <> 0 THEN i.indrelid ELSE i.indexrelid END
                      AND a.attnum = CASE WHEN u.attnum <> 0 THEN u.attnum ELSE u.position END
   JOIN pg_attribute b ON b.attrelid = i.indexrelid AND b.attnum = u.position
  WHERE u.position <= i.indnkeyatts
  ORDER BY u.position
