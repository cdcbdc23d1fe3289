CREATE TABLE größenverhältnisse (schlüsselwörterübergrößenverhältnisseüäößéèàçñõ integer, b integer);
INSERT INTO größenverhältnisse VALUES (1, 2);
