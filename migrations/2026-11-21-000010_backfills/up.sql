CREATE TABLE shared.backfills (
    schema_name text NOT NULL,
    name text NOT NULL,
    next_page bigint NOT NULL DEFAULT 0,
    passes integer NOT NULL DEFAULT 0,
    rows bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (schema_name, name),
    CONSTRAINT backfills_next_page_check CHECK (next_page >= 0),
    CONSTRAINT backfills_passes_check CHECK (passes >= 0),
    CONSTRAINT backfills_rows_check CHECK (rows >= 0)
);

COMMENT ON TABLE shared.backfills IS 'How far each backfill of each schema is.';
COMMENT ON COLUMN shared.backfills.schema_name IS 'The schema whose rows are filled.';
COMMENT ON COLUMN shared.backfills.name IS 'Name of the backfill.';
COMMENT ON COLUMN shared.backfills.next_page IS 'First page of the table that the current pass has not reached.';
COMMENT ON COLUMN shared.backfills.passes IS 'Passes over the whole table that are over.';
COMMENT ON COLUMN shared.backfills.rows IS 'Rows that were updated, in all passes.';
COMMENT ON COLUMN shared.backfills.started_at IS 'When it began.';
COMMENT ON COLUMN shared.backfills.finished_at IS 'When a whole pass found nothing left to update.';
