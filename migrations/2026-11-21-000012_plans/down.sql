DROP TABLE shared.plans;
