-- What the parts of the tables of the schema `n` depend on, beyond their own table's columns.
-- `OFFSET 0` keeps the planner from reading all of `pg_depend`, which it takes for small until it is analysed.
(WITH managed AS MATERIALIZED (SELECT c.oid, c.relname FROM {tables}),
 expression AS MATERIALIZED (
    -- Few columns have one, so that these are looked for before their columns.
    SELECT m.oid AS relid, m.relname, a.attnum, a.attname, a.attgenerated, f.oid, f.adbin
      FROM managed m
      CROSS JOIN LATERAL (SELECT d.* FROM pg_attrdef d WHERE d.adrelid = m.oid OFFSET 0) f
      JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum),
 reference AS MATERIALIZED (
    SELECT m.relname, 'column' AS part, a.attname AS name, o.classid, o.objid
      FROM managed m JOIN pg_attribute a ON a.attrelid = m.oid
      CROSS JOIN LATERAL (VALUES ('pg_type'::regclass::oid, a.atttypid), ('pg_collation'::regclass, a.attcollation)) o(classid, objid)
     -- PostgreSQL's own types and collations have lower numbers (`FirstNormalObjectId`).
     WHERE a.attnum > 0 AND NOT a.attisdropped AND (a.atttypid >= 16384 OR a.attcollation >= 16384) AND o.objid >= 16384
    UNION
    SELECT x.relname, CASE x.attgenerated WHEN '' THEN 'default' ELSE 'generated' END, x.attname, d.refclassid, d.refobjid
      FROM expression x
      CROSS JOIN LATERAL (SELECT r.refclassid, r.refobjid FROM pg_depend r
                           WHERE r.classid = 'pg_attrdef'::regclass AND r.objid = x.oid AND r.refobjsubid = 0 OFFSET 0) d
    UNION
    SELECT m.relname, 'check', k.conname, d.refclassid, d.refobjid
      FROM managed m
      JOIN pg_constraint k ON k.conrelid = m.oid AND k.contype = 'c'
      CROSS JOIN LATERAL (SELECT r.refclassid, r.refobjid FROM pg_depend r
                           WHERE r.classid = 'pg_constraint'::regclass AND r.objid = k.oid AND r.refobjsubid = 0 OFFSET 0) d
    UNION
    SELECT m.relname, 'index', x.relname, d.refclassid, d.refobjid
      FROM managed m
      JOIN pg_index i ON i.indrelid = m.oid
      JOIN pg_class x ON x.oid = i.indexrelid
      CROSS JOIN LATERAL (SELECT r.refclassid, r.refobjid FROM pg_depend r
                           WHERE r.classid = 'pg_class'::regclass AND r.objid = i.indexrelid AND r.refobjsubid = 0 OFFSET 0) d)
 SELECT coalesce(json_agg(json_build_object(
            'table', u.relname, 'part', u.part, 'name', u.name, 'kind', u.kind, 'uses', u.uses
        ) ORDER BY u.relname, u.part COLLATE "C", u.name, u.kind COLLATE "C", u.uses COLLATE "C"), '[]')
   FROM (
    SELECT f.relname, f.part, f.name,
           CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range type' WHEN 'm' THEN 'range type'
                          WHEN 'c' THEN CASE g.relkind WHEN 'c' THEN 'composite type' ELSE 'table' END
                          ELSE 'base type' END AS kind,
           t.typname::text AS uses
      FROM reference f
      JOIN pg_type v ON f.classid = 'pg_type'::regclass AND v.oid = f.objid
      JOIN pg_type t ON t.oid = CASE WHEN v.typelem <> 0 AND v.typlen = -1 THEN v.typelem ELSE v.oid END
      LEFT JOIN pg_class g ON g.oid = t.typrelid
     WHERE t.typnamespace = n.oid
    UNION
    SELECT f.relname, f.part, f.name,
           CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid))
      FROM reference f JOIN pg_proc p ON f.classid = 'pg_proc'::regclass AND p.oid = f.objid
     WHERE p.pronamespace = n.oid
    UNION
    SELECT f.relname, f.part, f.name, 'sequence', s.relname
      FROM reference f JOIN pg_class s ON f.classid = 'pg_class'::regclass AND s.oid = f.objid
     WHERE s.relkind = 'S' AND s.relnamespace = n.oid
    UNION
    SELECT f.relname, f.part, f.name, i.type,
           CASE WHEN f.classid = 'pg_operator'::regclass THEN f.objid::regoperator::text ELSE coalesce(i.name, i.identity) END
      FROM reference f CROSS JOIN LATERAL pg_identify_object(f.classid, f.objid, 0) i
     WHERE f.classid NOT IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_constraint'::regclass)
       AND i.schema = quote_ident(n.nspname)
    UNION
    SELECT x.relname, 'generated', x.attname, 'column', b.attname
      FROM expression x
      CROSS JOIN LATERAL (SELECT r.refobjsubid FROM pg_depend r
                           WHERE r.classid = 'pg_attrdef'::regclass AND r.objid = x.oid
                             AND r.refclassid = 'pg_class'::regclass AND r.refobjid = x.relid OFFSET 0) d
      JOIN pg_attribute b ON b.attrelid = x.relid AND b.attnum = d.refobjsubid AND b.attnum <> x.attnum
     WHERE x.attgenerated <> ''
    UNION
    -- Calls of PostgreSQL's own functions are recorded nowhere but in the expression: `:funcid 1` and `:opfuncid 1`.
    SELECT x.relname, 'default', x.attname, 'volatile function', p.proname
      FROM expression x
      CROSS JOIN unnest((string_to_array(x.adbin::text, 'funcid '))[2:]) AS called(text)
      JOIN pg_proc p ON p.oid = split_part(called.text, ' ', 1)::oid AND p.provolatile = 'v'
     WHERE x.attgenerated = ''
    UNION
    SELECT m.relname, 'foreign key', k.conname, 'key', x.relname
      FROM managed m
      JOIN pg_constraint k ON k.conrelid = m.oid AND k.contype = 'f' AND k.conparentid = 0
      JOIN pg_class x ON x.oid = k.conindid) u)
