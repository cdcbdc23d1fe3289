DROP SCHEMA outbox CASCADE;
DROP TABLE shared.mail_outbox;
