//! Headers that keep browsers from doing more with a response than reading it.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// Name → value on every response; those of OWASP ASVS 5.0.0, 3.4.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        STRICT_TRANSPORT_SECURITY,
        "max-age=63072000; includeSubDomains",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

/// What the documentation page may load: its own assets, its inline styles and images.
const DOCUMENTATION_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; frame-ancestors 'none'";

/// Adds what the response to a request for `path` lacks.
pub(super) fn add(headers: &mut HeaderMap, path: &str) {
    if path.starts_with("/docs/") {
        add_one(headers, CONTENT_SECURITY_POLICY, DOCUMENTATION_POLICY);
    }
    for (name, value) in HEADERS {
        add_one(headers, name, value);
    }
    if path.starts_with("/api/") {
        add_one(headers, CACHE_CONTROL, "no-store");
    }
}

fn add_one(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
