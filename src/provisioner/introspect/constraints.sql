-- The constraints of the table `c`, in one look. An index gives them in the order of their names, and aggregates keep the
-- order that they are given.
SELECT string_agg(k.document, ',') FILTER (WHERE k.contype = 'p') AS primary_key,
       string_agg(k.document, ',') FILTER (WHERE k.contype = 'u') AS uniques,
       string_agg(k.document, ',') FILTER (WHERE k.contype = 'c') AS checks,
       string_agg(k.document, ',') FILTER (WHERE k.contype = 'f') AS foreign_keys,
       array_agg(k.conindid) FILTER (WHERE k.contype IN ('p', 'u', 'x')) AS indexes
  FROM (SELECT k.contype, k.conindid,
               concat('{"name":', to_json(k.conname::text),
                      CASE WHEN k.contype = 'c' THEN ({check}) WHEN k.contype = 'f' THEN ({foreign_key})
                           WHEN k.contype IN ('p', 'u') THEN ({key}) END,
                      ',"comment":' || (SELECT to_json(m.description) FROM pg_description m
                                         WHERE m.objoid = k.oid AND m.classoid = 'pg_constraint'::regclass
                                           AND m.objsubid = 0),
                      '}') AS document
          FROM pg_constraint k
         WHERE k.conrelid = c.oid AND k.contypid = 0 AND (k.contype <> 'f' OR k.conparentid = 0)
         ORDER BY k.conname) k
