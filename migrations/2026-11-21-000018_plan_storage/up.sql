ALTER TABLE shared.plans
    ADD COLUMN max_storage_bytes bigint,
    ADD CONSTRAINT plans_max_storage_bytes_check CHECK (max_storage_bytes >= 0);

COMMENT ON COLUMN shared.plans.max_storage_bytes IS 'Bytes that the attachments of a tenant take at most, all versions and deleted ones included.';
