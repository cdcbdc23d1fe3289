DROP TABLE shared.platform_sessions;
