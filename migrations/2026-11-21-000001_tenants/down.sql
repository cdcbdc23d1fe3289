DROP TABLE shared.tenants;
