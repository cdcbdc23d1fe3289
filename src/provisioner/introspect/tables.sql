-- The tables of the schema `n` that the engine manages, as `c`.
-- The subqueries are scalar so that the planner cannot make joins of them that read whole catalogs.
(SELECT r.*
   FROM pg_depend o JOIN pg_class r ON r.oid = o.objid
  WHERE o.refclassid = 'pg_namespace'::regclass AND o.refobjid = n.oid
    AND o.classid = 'pg_class'::regclass AND o.deptype = 'n'
    AND r.relkind = 'r' AND NOT r.relispartition AND r.reloftype = 0
    AND (SELECT h.inhseqno FROM pg_inherits h WHERE h.inhrelid = r.oid LIMIT 1) IS NULL
    AND (SELECT e.deptype FROM pg_depend e
          WHERE e.classid = o.classid AND e.objid = o.objid AND e.deptype = 'e') IS NULL) c
