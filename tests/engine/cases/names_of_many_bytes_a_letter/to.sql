CREATE TABLE größenverhältnisse (schlüsselwörterübergrößenverhältnisseüäößéèàçñõ integer NOT NULL UNIQUE CHECK (b > 1), b bigint);
INSERT INTO größenverhältnisse VALUES (1, 2);
