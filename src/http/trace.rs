//! W3C trace context: the caller's trace is carried on, a malformed one starts a new one.

use uuid::Uuid;

/// The trace a request belongs to (<https://www.w3.org/TR/trace-context/#traceparent-header>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    id: String,
    flags: String,
}

impl Trace {
    /// A trace that begins here, not sampled.
    pub(super) fn begin() -> Self {
        Self {
            id: Uuid::new_v4().simple().to_string(),
            flags: "00".to_owned(),
        }
    }

    /// Reads `traceparent`; nothing if it breaks the format. Later versions may append fields, version 0 may not.
    pub(super) fn parse(traceparent: &str) -> Option<Self> {
        let mut fields = traceparent.splitn(5, '-');
        let version = fields.next().filter(|text| is_hex(text, 2))?;
        let id = fields.next().filter(|text| is_id(text, 32))?;
        let _span = fields.next().filter(|text| is_id(text, 16))?;
        let flags = fields.next().filter(|text| is_hex(text, 2))?;
        if version == "ff" || (version == "00" && fields.next().is_some()) {
            return None;
        }
        Some(Self {
            id: id.to_owned(),
            flags: flags.to_owned(),
        })
    }

    /// The trace's id, 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The `traceparent` of one call to another service: the same trace, a new span.
    pub fn traceparent(&self) -> String {
        let (_, span) = Uuid::new_v4().as_u64_pair();
        format!("00-{}-{span:016x}-{}", self.id, self.flags)
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.contains(|digit| digit != '0')
}

#[cfg(test)]
mod tests {
    use super::Trace;

    const ID: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn a_valid_trace_is_carried_on_with_a_span_of_its_own() {
        let traceparent = format!("00-{ID}-b7ad6b7169203331-01");
        let trace = Trace::parse(&traceparent).unwrap();
        assert_eq!(trace.id(), ID);
        assert_ne!(trace.traceparent(), traceparent);
        assert_eq!(Trace::parse(&trace.traceparent()).unwrap(), trace);
    }

    #[test]
    fn a_later_version_may_have_more_fields() {
        assert!(Trace::parse(&format!("cc-{ID}-b7ad6b7169203331-01-more-and-more")).is_some());
    }

    #[test]
    fn a_malformed_trace_is_not_carried_on() {
        let zero = "0".repeat(32);
        for traceparent in [
            String::new(),
            "00".to_owned(),
            format!("00-{ID}-b7ad6b7169203331"),
            format!("00-{ID}-b7ad6b7169203331-01-more"),
            format!("ff-{ID}-b7ad6b7169203331-01"),
            format!("00-{zero}-b7ad6b7169203331-01"),
            format!("00-{ID}-0000000000000000-01"),
            format!("00-{}-b7ad6b7169203331-01", ID.to_uppercase()),
            format!("00-{ID}-b7ad6b7169203331-0é"),
        ] {
            assert_eq!(Trace::parse(&traceparent), None, "{traceparent}");
        }
    }

    #[test]
    fn a_new_trace_is_valid() {
        let trace = Trace::begin();
        assert_eq!(Trace::parse(&trace.traceparent()), Some(trace));
    }
}
