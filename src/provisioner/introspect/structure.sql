-- The structure of the schema `n`, and the columns of its tables in their order.
-- The structure has the shape in which definitions are serialised: lists in the order of names, and what is as usual left
-- out. It is put together as text, since PostgreSQL's JSON functions take a fifth longer.
-- What a schema holds is found through `pg_depend`, whose index knows the schema; the indexes of `pg_class` and `pg_type`
-- begin with a name. What several parts of a table ask for is looked up once a table, as arrays.
(SELECT ARRAY[concat(
    '{"enums":[', (
        SELECT string_agg(concat(
                   '{"name":', to_json(t.typname::text),
                   ',"labels":', to_json(ARRAY(SELECT l.enumlabel::text FROM pg_enum l
                                                WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder)),
                   ',"comment":' || (SELECT to_json(m.description) FROM pg_description m
                                      WHERE m.objoid = t.oid AND m.classoid = 'pg_type'::regclass AND m.objsubid = 0),
                   '}'), ',' ORDER BY t.typname)
          FROM pg_depend o JOIN pg_type t ON t.oid = o.objid AND t.typtype = 'e'
         WHERE o.refclassid = 'pg_namespace'::regclass AND o.refobjid = n.oid
           AND o.classid = 'pg_type'::regclass AND o.deptype = 'n'
           AND (SELECT e.deptype FROM pg_depend e
                 WHERE e.classid = o.classid AND e.objid = o.objid AND e.deptype = 'e') IS NULL),
    '],"sequences":[', (
        SELECT string_agg({sequence}, ',' ORDER BY s.relname)
          FROM pg_depend o
          JOIN pg_class s ON s.oid = o.objid AND s.relkind = 'S'
          JOIN pg_sequence q ON q.seqrelid = s.oid
         WHERE o.refclassid = 'pg_namespace'::regclass AND o.refobjid = n.oid
           AND o.classid = 'pg_class'::regclass AND o.deptype = 'n'
           AND (SELECT e.deptype FROM pg_depend e
                 WHERE e.classid = o.classid AND e.objid = o.objid AND e.deptype IN ('e', 'i') LIMIT 1) IS NULL
           -- One that belongs to a column of a table that is not managed comes and goes with that table.
           AND (SELECT r.relkind <> 'r' OR r.relispartition OR r.reloftype <> 0
                       OR (SELECT h.inhseqno FROM pg_inherits h WHERE h.inhrelid = r.oid LIMIT 1) IS NOT NULL
                  FROM pg_depend w JOIN pg_class r ON r.oid = w.refobjid
                 WHERE w.classid = o.classid AND w.objid = o.objid AND w.objsubid = 0
                   AND w.refclassid = 'pg_class'::regclass AND w.refobjsubid > 0 AND w.deptype = 'a') IS NOT TRUE),
    '],"tables":[', string_agg(concat(
        '{"name":', to_json(c.relname::text),
        ',"comment":' || to_json(comment.texts[array_position(comment.columns, 0)]),
        CASE WHEN c.relpersistence = 'u' THEN ',"unlogged":true' END,
        CASE WHEN c.reloptions IS NOT NULL
               OR (SELECT y.reloptions FROM pg_class y WHERE y.oid = c.reltoastrelid) IS NOT NULL THEN
            ',"options":' || to_json(ARRAY(
                SELECT p.option FROM (
                    SELECT unnest(c.reloptions) AS option
                    UNION ALL
                    SELECT 'toast.' || unnest(y.reloptions) FROM pg_class y WHERE y.oid = c.reltoastrelid) p
                 ORDER BY p.option COLLATE "C")) END,
        ',"columns":[' || ({columns}) || ']',
        ',"primary_key":' || constraints.primary_key,
        ',"uniques":[' || constraints.uniques || ']',
        ',"indexes":[' || ({indexes}) || ']',
        ',"checks":[' || constraints.checks || ']',
        ',"foreign_keys":[' || constraints.foreign_keys || ']',
        '}'), ',' ORDER BY c.relname),
    ']}'),
    concat('{', string_agg(concat(to_json(c.relname::text), ':', coalesce(to_json(own.present), '[]')), ',' ORDER BY c.relname), '}')]
   FROM {tables}
  CROSS JOIN LATERAL (
      -- By the number of the column; those that were dropped keep their place.
      SELECT array_agg(a.attname) AS names, array_agg(a.atttypid) AS types, array_agg(a.attcollation) AS collations,
             array_agg(a.attname) FILTER (WHERE NOT a.attisdropped) AS present
        FROM (SELECT y.* FROM pg_attribute y WHERE y.attrelid = c.oid AND y.attnum > 0 ORDER BY y.attnum) a) own
  CROSS JOIN LATERAL (
      SELECT array_agg(m.objsubid) AS columns, array_agg(m.description) AS texts
        FROM pg_description m WHERE m.objoid = c.oid AND m.classoid = 'pg_class'::regclass) comment
  CROSS JOIN LATERAL ({constraints}) constraints)
