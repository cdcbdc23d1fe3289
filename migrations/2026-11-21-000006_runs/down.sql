DROP TABLE shared.run_steps;
DROP TABLE shared.runs;
