ALTER TABLE shared.plans DROP COLUMN max_storage_bytes;
