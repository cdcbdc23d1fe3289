DROP TABLE shared.login_failures;
