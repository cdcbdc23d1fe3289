-- What the schema `n` holds beside its structure, with the managed parts that it depends on.
(WITH managed AS MATERIALIZED (SELECT c.oid, c.relname FROM {tables}),
 member AS MATERIALIZED (
    SELECT o.classid, o.objid FROM pg_depend o
     WHERE o.refclassid = 'pg_namespace'::regclass AND o.refobjid = n.oid AND o.deptype = 'n'
       -- Neither members of extensions nor what another object brings along, such as the constructors of a range type. A
       -- partitioned table depends on its own columns in that way.
       AND (SELECT e.deptype FROM pg_depend e
             WHERE e.classid = o.classid AND e.objid = o.objid AND e.deptype IN ('e', 'i') AND e.refobjid <> e.objid LIMIT 1) IS NULL),
 relation AS MATERIALIZED (
    SELECT r.* FROM member o JOIN pg_class r ON r.oid = o.objid WHERE o.classid = 'pg_class'::regclass),
 object AS MATERIALIZED (
    SELECT CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
                ELSE CASE WHEN r.relispartition THEN 'partition' WHEN r.relkind = 'p' THEN 'partitioned table'
                          WHEN r.reloftype <> 0 THEN 'typed table' ELSE 'inheriting table' END END AS kind,
           r.relname::text AS name, NULL::name AS "table", 'pg_class'::regclass::oid AS classid, r.oid AS objid
      FROM relation r
     WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND r.oid NOT IN (SELECT m.oid FROM managed m)
    UNION ALL
    SELECT CASE t.typtype WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite type' WHEN 'r' THEN 'range type' ELSE 'base type' END,
           t.typname, NULL, o.classid, t.oid
      FROM member o JOIN pg_type t ON t.oid = o.objid
     WHERE o.classid = 'pg_type'::regclass AND t.typtype NOT IN ('e', 'm')
    UNION ALL
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), NULL, o.classid, p.oid
      FROM member o JOIN pg_proc p ON p.oid = o.objid
     WHERE o.classid = 'pg_proc'::regclass
    UNION ALL
    SELECT 'statistics', s.stxname, r.relname, o.classid, s.oid
      FROM member o JOIN pg_statistic_ext s ON s.oid = o.objid JOIN pg_class r ON r.oid = s.stxrelid
     WHERE o.classid = 'pg_statistic_ext'::regclass
    UNION ALL
    SELECT i.type, CASE WHEN o.classid = 'pg_operator'::regclass THEN o.objid::regoperator::text ELSE coalesce(i.name, i.identity) END,
           NULL, o.classid, o.objid
      FROM member o CROSS JOIN LATERAL pg_identify_object(o.classid, o.objid, 0) i
     WHERE o.classid NOT IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_statistic_ext'::regclass)
    UNION ALL
    SELECT CASE WHEN t.tgconstraint <> 0 THEN 'constraint trigger' ELSE 'trigger' END,
           t.tgname, r.relname, 'pg_trigger'::regclass, t.oid
      FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid
     WHERE r.relhastriggers AND NOT t.tgisinternal AND t.tgparentid = 0
    UNION ALL
    SELECT 'policy', y.polname, r.relname, 'pg_policy'::regclass, y.oid
      FROM relation r JOIN pg_policy y ON y.polrelid = r.oid
    UNION ALL
    SELECT 'row security', r.relname, r.relname, NULL, NULL FROM relation r WHERE r.relrowsecurity
    UNION ALL
    SELECT 'rule', w.rulename, r.relname, 'pg_rewrite'::regclass, w.oid
      FROM relation r JOIN pg_rewrite w ON w.ev_class = r.oid
     WHERE r.relhasrules AND w.rulename <> '_RETURN'
    UNION ALL
    SELECT 'exclusion constraint', k.conname, r.relname, 'pg_constraint'::regclass, k.oid
      FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid
     WHERE k.contype = 'x' AND k.conparentid = 0),
 -- An object with the parts that carry its dependencies: a view's rule, a domain's checks, a table's defaults ….
 part AS MATERIALIZED (
    SELECT b.classid AS owner_class, b.objid AS owner, b.classid, b.objid FROM object b
    UNION ALL
    SELECT b.classid, b.objid, p.classid, p.objid
      FROM object b
      CROSS JOIN LATERAL (
        SELECT 'pg_rewrite'::regclass::oid AS classid, w.oid AS objid FROM pg_rewrite w WHERE w.ev_class = b.objid
        UNION ALL SELECT 'pg_attrdef'::regclass, f.oid FROM pg_attrdef f WHERE f.adrelid = b.objid
        UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k WHERE k.conrelid = b.objid
        UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index i WHERE i.indrelid = b.objid) p
     WHERE b.classid = 'pg_class'::regclass
    UNION ALL
    SELECT b.classid, b.objid, p.classid, p.objid
      FROM object b
      CROSS JOIN LATERAL (
        SELECT 'pg_constraint'::regclass::oid AS classid, k.oid AS objid FROM pg_constraint k WHERE k.contypid = b.objid
        UNION ALL SELECT 'pg_class'::regclass, t.typrelid FROM pg_type t WHERE t.oid = b.objid AND t.typrelid <> 0) p
     WHERE b.classid = 'pg_type'::regclass
    UNION ALL
    SELECT b.classid, b.objid, 'pg_class'::regclass, k.conindid
      FROM object b JOIN pg_constraint k ON k.oid = b.objid
     WHERE b.classid = 'pg_constraint'::regclass),
 reference AS MATERIALIZED (
    SELECT p.owner_class, p.owner, d.refclassid, d.refobjid, d.refobjsubid
      FROM part p
      CROSS JOIN LATERAL (SELECT r.refclassid, r.refobjid, r.refobjsubid FROM pg_depend r
                           WHERE r.classid = p.classid AND r.objid = p.objid AND r.deptype IN ('n', 'a') OFFSET 0) d),
 need AS MATERIALIZED (
    SELECT f.owner_class, f.owner, 'table' AS kind, m.relname AS "table", m.relname AS name
      FROM reference f JOIN managed m ON f.refclassid = 'pg_class'::regclass AND m.oid = f.refobjid
    UNION
    SELECT f.owner_class, f.owner, 'column', m.relname, a.attname
      FROM reference f JOIN managed m ON f.refclassid = 'pg_class'::regclass AND m.oid = f.refobjid
      JOIN pg_attribute a ON a.attrelid = f.refobjid AND a.attnum = f.refobjsubid AND a.attnum > 0
    UNION
    SELECT f.owner_class, f.owner, 'constraint', m.relname, k.conname
      FROM reference f JOIN pg_constraint k ON f.refclassid = 'pg_constraint'::regclass AND k.oid = f.refobjid
      JOIN managed m ON m.oid = k.conrelid
    UNION
    SELECT f.owner_class, f.owner, CASE WHEN k.oid IS NULL THEN 'index' ELSE 'constraint' END,
           CASE WHEN k.oid IS NOT NULL THEN m.relname END, x.relname
      FROM reference f JOIN pg_index i ON f.refclassid = 'pg_class'::regclass AND i.indexrelid = f.refobjid
      JOIN managed m ON m.oid = i.indrelid
      JOIN pg_class x ON x.oid = i.indexrelid
      LEFT JOIN pg_constraint k ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
    UNION
    SELECT f.owner_class, f.owner, 'sequence', NULL, s.relname
      FROM reference f JOIN pg_class s ON f.refclassid = 'pg_class'::regclass AND s.oid = f.refobjid
     WHERE s.relkind = 'S' AND s.relnamespace = n.oid
    UNION
    SELECT f.owner_class, f.owner, CASE WHEN m.oid IS NULL THEN 'enum' ELSE 'table' END, m.relname, coalesce(m.relname, t.typname)
      FROM reference f
      JOIN pg_type v ON f.refclassid = 'pg_type'::regclass AND v.oid = f.refobjid
      JOIN pg_type t ON t.oid = CASE WHEN v.typelem <> 0 AND v.typlen = -1 THEN v.typelem ELSE v.oid END
      LEFT JOIN managed m ON m.oid = t.typrelid
     WHERE t.typnamespace = n.oid AND (t.typtype = 'e' OR m.oid IS NOT NULL)
    UNION
    SELECT b.classid, b.objid, 'table', m.relname, m.relname
      FROM object b JOIN managed m ON m.relname = b."table")
 SELECT coalesce(json_agg(json_build_object(
            'kind', b.kind,
            'name', b.name,
            'table', b."table",
            'needs', (SELECT coalesce(json_agg(json_build_object('kind', d.kind, 'table', d."table", 'name', d.name)
                                               ORDER BY d.kind, d."table", d.name), '[]')
                        FROM need d
                       WHERE d.owner_class IS NOT DISTINCT FROM b.classid AND d.owner IS NOT DISTINCT FROM b.objid
                         AND (b.objid IS NOT NULL OR d."table" = b."table")
                         AND NOT (d.kind = 'constraint' AND b.kind = 'exclusion constraint'
                                  AND d.name = b.name AND d."table" = b."table"))
        ) ORDER BY b.kind COLLATE "C", b.name COLLATE "C", b."table"), '[]')
   FROM object b)
