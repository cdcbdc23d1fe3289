DROP TABLE shared.system_users;
