use serde::Serialize;

/// One reason why a request is not served: the first one found.
///
/// Safe to publish, to log and to show: the field is made of our own words and of numbers, the reason as
/// [`Reason`](super::Reason) has it, and no part of credentials is ever in either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Refusal {
    /// Where, as a path into the request: `fqdn[1]`, `upstreams[0].port`, `cert-request` for the whole.
    pub field: String,
    /// The rule that is broken, and where it helps a short excerpt of the value.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use crate::wire::Reason;

    #[test]
    fn reads_and_travels() {
        let refusal = Reason::quoting("not a port", "70000").at("upstreams[0].port");
        assert_eq!(refusal.to_string(), "upstreams[0].port: not a port: 70000");
        assert_eq!(
            serde_json::to_value(&refusal).unwrap(),
            serde_json::json!({"field": "upstreams[0].port", "reason": "not a port: 70000"})
        );
    }
}
