CREATE TYPE state AS ENUM ('draft', 'open', 'closed', 'lost');
CREATE TABLE teams (id bigint PRIMARY KEY, label text NOT NULL, legacy text);
CREATE TABLE members (
    id integer PRIMARY KEY,
    number integer NOT NULL,
    nick varchar(40),
    age integer,
    email text,
    state state NOT NULL DEFAULT 'draft',
    team_id bigint,
    padding text
);
CREATE INDEX members_age_idx ON members (age);
CREATE INDEX members_nick_idx ON members (nick);
CREATE INDEX members_team_id_idx ON members (team_id);
INSERT INTO teams SELECT n, 'team ' || n, 'old' FROM generate_series(1, 10) AS n;
-- Four rows a page, and so more pages than the first batch of an update has.
INSERT INTO members SELECT n, n, 'n' || n, n % 90, 'm' || n || '@example.com', 'open', n % 10 + 1, repeat('x', 1800)
  FROM generate_series(1, 400) AS n;
