SELECT concat(
            CASE WHEN u.attnum <> 0 THEN '"' || replace(own.names[u.attnum], '"', '""') || '"'
                 ELSE regexp_replace(pg_get_indexdef(i.indexrelid, b.attnum, false), '^([^(].*)$', '(\1)') END,
            CASE WHEN u.collation <> 0
                  AND CASE WHEN u.attnum <> 0 THEN u.collation <> own.collations[u.attnum]
                           ELSE u.collation <> (SELECT t.typcollation FROM pg_type t WHERE t.oid = b.atttypid)
                                -- The whole definition says when the database's collation replaces that of the expression,
                                -- which then names another one, or none but by a clause of its own. It takes long to write.
                                OR i.indexprs::text ~ 'collOid|coll[a-z]+ ([2-9(]|1[^0]|10[^0]|100[0-9])'
                                   AND pg_get_indexdef(i.indexrelid) LIKE '%COLLATE "default"%' END THEN (
                SELECT ' COLLATE "' || replace(l.collname, '"', '""') || '"' FROM pg_collation l WHERE l.oid = u.collation) END,
            CASE WHEN (u.class, u.type) NOT IN (SELECT q.oid, q.opcintype FROM pg_opclass q WHERE q.opcdefault)
                      OR b.attoptions IS NOT NULL THEN (
                SELECT concat(' ', CASE WHEN NOT pg_opclass_is_visible(q.oid) THEN quote_ident(s.nspname) || '.' END,
                              quote_ident(q.opcname), ' (' || h.options || ')')
                  FROM pg_opclass q
                  JOIN pg_namespace s ON s.oid = q.opcnamespace
                  JOIN pg_type w ON w.oid = q.opcintype
                  JOIN pg_type t ON t.oid = u.type
                  CROSS JOIN (SELECT string_agg(p.option, ', ' ORDER BY p.option COLLATE "C") AS options
                                FROM unnest(b.attoptions) p(option) WHERE p.option NOT LIKE 'pg\_attver=%') h
                 WHERE q.oid = u.class
                   AND (h.options IS NOT NULL
                        OR NOT q.opcdefault
                        OR NOT (w.oid IN (t.oid, t.typbasetype)
                                OR w.typtype = 'p'
                                OR u.attnum = 0 AND q.opckeytype <> 0
                                OR w.typispreferred AND NOT EXISTS (
                                   SELECT FROM pg_opclass y
                                    WHERE y.opcmethod = q.opcmethod AND y.opcdefault
                                      AND y.opcintype = coalesce(nullif(t.typbasetype, 0), t.oid))))) END,
            CASE i.indoption[b.attnum - 1] WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST' WHEN 3 THEN ' DESC' END
        )
   FROM pg_attribute b
  -- The number of the column in its table, or 0 for an expression, and what the index makes of it.
  CROSS JOIN LATERAL (
      SELECT i.indkey[b.attnum - 1] AS attnum, i.indcollation[b.attnum - 1] AS collation, i.indclass[b.attnum - 1] AS class,
             CASE WHEN i.indkey[b.attnum - 1] <> 0 THEN own.types[i.indkey[b.attnum - 1]] ELSE b.atttypid END AS type) u
  WHERE b.attrelid = i.indexrelid AND b.attnum BETWEEN 1 AND i.indnkeyatts
  ORDER BY b.attnum
