DROP TABLE shared.audit_cuts;
