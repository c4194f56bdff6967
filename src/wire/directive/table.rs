use super::argument::Kind;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// When another upstream is asked.
const NEXT: &[&str] = &[
    "error",
    "timeout",
    "invalid_header",
    "http_500",
    "http_502",
    "http_503",
    "http_504",
    "http_403",
    "http_404",
    "http_429",
    "non_idempotent",
    "off",
];

/// All directives that are accepted, by name.
pub(super) const TABLE: &[(&str, Kind)] = &[
    ("add_header", Kind::ResponseHeader),
    ("allow", Kind::Network),
    ("charset", Kind::Charset),
    ("chunked_transfer_encoding", Kind::Switch),
    ("client_body_buffer_size", Kind::Size(KIB, MIB)),
    ("client_body_timeout", Kind::Time(1, HOUR)),
    ("client_max_body_size", Kind::Size(1, 100 * GIB)),
    ("deny", Kind::Network),
    ("etag", Kind::Switch),
    ("expires", Kind::Expires(3650)),
    ("gzip", Kind::Switch),
    ("gzip_min_length", Kind::Size(0, 100 * MIB)),
    ("gzip_types", Kind::Types),
    ("gzip_vary", Kind::Switch),
    ("keepalive_timeout", Kind::Time(0, HOUR)),
    ("limit_rate", Kind::Size(0, GIB)),
    ("limit_rate_after", Kind::Size(0, 100 * GIB)),
    ("proxy_buffer_size", Kind::Size(KIB, MIB)),
    ("proxy_buffering", Kind::Switch),
    ("proxy_buffers", Kind::Buffers(64, 256 * KIB)),
    ("proxy_busy_buffers_size", Kind::Size(KIB, 8 * MIB)),
    ("proxy_connect_timeout", Kind::Time(1, 75)),
    ("proxy_hide_header", Kind::HeaderName),
    ("proxy_ignore_client_abort", Kind::Switch),
    ("proxy_max_temp_file_size", Kind::Size(0, 100 * GIB)),
    ("proxy_next_upstream", Kind::Some(NEXT)),
    ("proxy_next_upstream_timeout", Kind::Time(0, HOUR)),
    ("proxy_next_upstream_tries", Kind::Number(100)),
    ("proxy_read_timeout", Kind::Time(1, DAY)),
    ("proxy_redirect", Kind::One(&["off", "default"])),
    ("proxy_request_buffering", Kind::Switch),
    ("proxy_send_timeout", Kind::Time(1, DAY)),
    ("proxy_set_header", Kind::RequestHeader),
    ("proxy_socket_keepalive", Kind::Switch),
    ("send_timeout", Kind::Time(1, HOUR)),
    ("tcp_nodelay", Kind::Switch),
];
