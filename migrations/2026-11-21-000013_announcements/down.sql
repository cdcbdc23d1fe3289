DROP TRIGGER plans_announce ON shared.plans;
DROP TRIGGER tenants_announce ON shared.tenants;
DROP FUNCTION shared.announce_tenants();
DROP FUNCTION shared.announce_tenant();
