concat(
    ',"expression":', to_json(pg_get_expr(k.conbin, c.oid)),
    CASE WHEN k.connoinherit THEN ',"no_inherit":true' END,
    CASE WHEN NOT k.convalidated THEN ',"not_valid":true' END)
