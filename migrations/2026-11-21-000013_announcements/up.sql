-- Whoever changes the registry, every node hears of it when the change commits: nothing that writes to it has to think of it.

CREATE FUNCTION shared.announce_tenant() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_catalog.pg_notify('rowhouse', 'tenant ' || OLD.id || ' ' || OLD.slug);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_catalog.pg_notify('rowhouse', 'tenant ' || NEW.id || ' ' || NEW.slug);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER tenants_announce AFTER INSERT OR UPDATE OR DELETE ON shared.tenants
    FOR EACH ROW EXECUTE FUNCTION shared.announce_tenant();

CREATE FUNCTION shared.announce_tenants() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('rowhouse', 'tenants');
    RETURN NULL;
END
$$;

CREATE TRIGGER plans_announce AFTER INSERT OR UPDATE OR DELETE ON shared.plans
    FOR EACH STATEMENT EXECUTE FUNCTION shared.announce_tenants();

COMMENT ON FUNCTION shared.announce_tenant() IS 'Announces a row of the registry that changed, by its id and slug before and after.';
COMMENT ON FUNCTION shared.announce_tenants() IS 'Announces that the rows of all tenants may mean something else now.';
