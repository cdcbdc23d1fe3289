-- The roles themselves belong to the server and stay; `LOGIN_ROLES=0 provision login-roles --withdraw` drops them before.
DROP TABLE shared.login_roles;
