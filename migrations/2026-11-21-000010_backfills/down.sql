DROP TABLE shared.backfills;
