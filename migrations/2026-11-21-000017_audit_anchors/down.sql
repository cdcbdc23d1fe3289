DROP TABLE shared.audit_anchors;
