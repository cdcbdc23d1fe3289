-- The columns of the tables of the schema `n`, by table, in their order.
(SELECT coalesce(json_object_agg(c.relname, (
            SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) ORDER BY c.relname), '{}')
   FROM {tables})
