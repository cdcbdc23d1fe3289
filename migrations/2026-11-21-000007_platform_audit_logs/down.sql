DROP TABLE shared.platform_audit_logs;
