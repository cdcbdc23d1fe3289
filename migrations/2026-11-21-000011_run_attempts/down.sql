DROP INDEX shared.runs_schema_idx;
ALTER TABLE shared.run_steps DROP COLUMN attempts;
