-- Tables that operators added are not ours to drop: with any left, this fails and says which.
DROP TABLE tenant_template.activity_log;
DROP SCHEMA tenant_template;
