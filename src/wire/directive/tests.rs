use proptest::prelude::*;

use super::table::TABLE;
use super::*;

fn written(text: &str) -> String {
    match text.parse::<Directive>() {
        Ok(directive) => directive.to_string(),
        Err(reason) => format!("refused: {reason}"),
    }
}

#[test]
fn accepted_forms_are_written_in_one_way() {
    for (text, expected) in [
        ("client_max_body_size 10G", "client_max_body_size 10240m"),
        ("client_max_body_size: 10G;", "client_max_body_size 10240m"),
        ("  client_max_body_size   10m ;; ", "client_max_body_size 10m"),
        ("client_max_body_size 1536", "client_max_body_size 1536"),
        ("client_max_body_size 2048k", "client_max_body_size 2m"),
        ("proxy_read_timeout 5m", "proxy_read_timeout 300s"),
        ("proxy_read_timeout 300", "proxy_read_timeout 300s"),
        ("proxy_buffers 8 16k", "proxy_buffers 8 16k"),
        ("gzip on", "gzip on"),
        ("gzip_types text/css application/json text/css", "gzip_types application/json text/css"),
        ("expires max", "expires max"),
        ("expires 30d", "expires 2592000s"),
        ("proxy_next_upstream error timeout http_502", "proxy_next_upstream error timeout http_502"),
        ("proxy_redirect off", "proxy_redirect off"),
        ("charset utf-8", "charset utf-8"),
        ("allow 10.1.2.3/8", "allow 10.0.0.0/8"),
        ("deny all", "deny all"),
        ("proxy_hide_header X-Powered-By", "proxy_hide_header X-Powered-By"),
        ("add_header X-Frame-Options DENY", "add_header X-Frame-Options \"DENY\""),
        (
            "add_header Content-Security-Policy \"default-src 'self'; img-src *\" always;",
            "add_header Content-Security-Policy \"default-src 'self'; img-src *\" always",
        ),
        ("add_header X-A \"a b: c, d=1\" always", "add_header X-A \"a b: c, d=1\" always"),
        ("proxy_set_header X-Tenant 'blue green'", "proxy_set_header X-Tenant \"blue green\""),
    ] {
        assert_eq!(written(text), expected, "{text}");
    }
}

#[test]
fn everything_else_is_refused_with_name_and_rule() {
    let forty = "a".repeat(40);
    for (text, reason) in [
        ("", "an empty directive"),
        ("root /etc", "root: this directive is not accepted"),
        ("alias /etc/", "alias: this directive is not accepted"),
        ("include /etc/passwd", "include: this directive is not accepted"),
        ("access_log /etc/cron.d/x", "access_log: this directive is not accepted"),
        ("satisfy any", "satisfy: this directive is not accepted"),
        ("proxy_pass http://127.0.0.1", "proxy_pass: this directive is not accepted"),
        ("proxy_store /x", "proxy_store: this directive is not accepted"),
        ("rewrite ^ /x", "rewrite: this directive is not accepted"),
        ("sub_filter a b", "sub_filter: this directive is not accepted"),
        ("auth_basic off", "auth_basic: this directive is not accepted"),
        ("GZIP on", "this directive is not accepted"),
        ("gzip on; root /", "gzip: the character ; is not accepted here"),
        ("gzip on\nroot /", "gzip: only printable ASCII characters are accepted in a directive"),
        ("gzip on } location /x { root /", "gzip: the character } is not accepted here"),
        ("gzip on#", "gzip: the character # is not accepted here"),
        ("gzip \"on", "gzip: a quote is opened and not closed"),
        ("gzip \"on\"x", "gzip: a space is needed behind a closing quote"),
        ("\"gzip\" maybe", "gzip: not one of on, off: maybe"),
        ("gzip: maybe;", "gzip: not one of on, off: maybe"),
        ("gzip\nmaybe", "gzip: only printable ASCII characters are accepted in a directive"),
        ("gzip\u{1b}[2J on", "only printable ASCII characters are accepted in a directive"),
        ("gzip, on", "this directive is not accepted"),
        (format!("{forty} on").as_str(), format!("{forty}: this directive is not accepted").as_str()),
        (format!("{forty}a on").as_str(), "this directive is not accepted"),
        ("proxy_buffers 8", "proxy_buffers: it has 1 argument and needs a number and a size"),
        ("proxy_set_header X", "proxy_set_header: it has 1 argument and needs a header's name and its value"),
        ("gzip", "gzip: it has 0 arguments and needs one"),
        ("gzip maybe", "gzip: not one of on, off: maybe"),
        ("client_max_body_size 0", "client_max_body_size: not from 1 to 102400m: 0"),
        ("client_max_body_size 101g", "client_max_body_size: not from 1 to 102400m: 101g"),
        (
            "client_max_body_size 99999999999999999999g",
            "client_max_body_size: not a size such as 8k or 10m: 99999999999999999999g",
        ),
        ("client_max_body_size -1", "client_max_body_size: not a size such as 8k or 10m: -1"),
        ("proxy_read_timeout 2d", "proxy_read_timeout: not from 1s to 86400s: 2d"),
        ("proxy_read_timeout 1h30m", "proxy_read_timeout: not a time such as 30s or 5m: 1h30m"),
        ("proxy_next_upstream error error", "proxy_next_upstream: an argument is there twice: error"),
        (
            "proxy_set_header Authorization $http_authorization",
            "proxy_set_header: the character $ is not accepted here",
        ),
        (
            "proxy_set_header Authorization x",
            "proxy_set_header: this header is the proxy's to set: Authorization",
        ),
        ("proxy_set_header HOST x", "proxy_set_header: this header is the proxy's to set: HOST"),
        (
            "proxy_set_header X-Forwarded-For 1.2.3.4",
            "proxy_set_header: this header is the proxy's to set: X-Forwarded-For",
        ),
        (
            "proxy_set_header X-Real-IP 1.2.3.4",
            "proxy_set_header: this header is the proxy's to set: X-Real-IP",
        ),
        (
            "add_header Strict-Transport-Security x",
            "add_header: this header is the proxy's to set: Strict-Transport-Security",
        ),
        ("add_header Set-Cookie a=b", "add_header: this header is the proxy's to set: Set-Cookie"),
        ("add_header X-A \"a\\\"b\"", "add_header: a space is needed behind a closing quote"),
        ("add_header X-A \"a\\b\"", "add_header: the character \\ is not accepted here"),
        ("add_header X_A b", "add_header: not a header's name of letters, digits and hyphens: X_A"),
        (
            "add_header X-A b never",
            "add_header: it has 3 arguments and needs a header's name, its value and perhaps always",
        ),
        ("allow unix:", "allow: not an address, a network or all: unix:"),
        ("charset utf-8/x", "charset: not a character set such as utf-8: utf-8/x"),
        ("gzip_types text", "gzip_types: not a media type such as text/css, of at most 46 characters: text"),
        ("expires $x", "expires: the character $ is not accepted here"),
    ] {
        assert_eq!(written(text), format!("refused: {reason}"), "{text}");
    }
}

#[test]
fn buffers_that_nginx_would_not_take_together_are_refused() {
    let judged = |texts: &[&str]| {
        let directives: Vec<Directive> = texts.iter().map(|text| text.parse().unwrap()).collect();
        check(&directives).map_or_else(
            |reason| reason.to_string().split(' ').next().unwrap().to_owned(),
            |()| String::new(),
        )
    };
    for (texts, wrong) in [
        (&[][..], ""),
        (&["proxy_buffer_size 14k"], ""),
        (&["proxy_buffer_size 15k"], "proxy_busy_buffers_size"),
        (&["proxy_buffer_size 15k", "proxy_busy_buffers_size 15k"], ""),
        (&["proxy_buffer_size 15k", "proxy_busy_buffers_size 14k"], "proxy_busy_buffers_size"),
        (&["proxy_buffers 3 4k"], ""),
        (&["proxy_buffers 2 4k"], "proxy_busy_buffers_size"),
        (&["proxy_buffers 64 256k", "proxy_buffer_size 1m"], ""),
        (&["proxy_buffers 8 16k", "proxy_busy_buffers_size 113k"], "proxy_busy_buffers_size"),
        (&["proxy_max_temp_file_size 1"], "proxy_max_temp_file_size"),
        (&["proxy_max_temp_file_size 0"], ""),
        (&["proxy_max_temp_file_size 4k"], ""),
    ] {
        assert_eq!(judged(texts), wrong, "{texts:?}");
    }
}

#[test]
fn a_text_is_split_at_semicolons_outside_of_quotes() {
    assert_eq!(
        split("gzip on; add_header X-A \"a;b\"; etag off;"),
        ["gzip on", " add_header X-A \"a;b\"", " etag off", ""]
    );
}

#[test]
fn what_nginx_takes_once_is_known() {
    let excludes =
        |one: &str, other: &str| one.parse::<Directive>().unwrap().excludes(&other.parse().unwrap());
    assert!(excludes("gzip on", "gzip off"));
    assert!(!excludes("gzip on", "etag off"));
    assert!(!excludes("allow 10.0.0.1", "allow 10.0.0.2"));
    assert!(!excludes("add_header X-A b", "add_header X-A c"));
}

#[test]
fn the_table_is_sorted_and_names_each_directive_once() {
    assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

proptest! {
    #[test]
    fn what_is_accepted_has_no_character_that_ends_or_nests_a_directive(
        name in prop::sample::select(TABLE.iter().map(|(name, _)| *name).collect::<Vec<_>>()),
        arguments in "[ -~\\t\\n\\u{80}-\\u{ff}]{0,40}",
    ) {
        if let Ok(directive) = format!("{name} {arguments}").parse::<Directive>() {
            let text = directive.to_string();
            for (number, part) in text.split('"').enumerate() {
                let forbidden = if number % 2 == 0 { "{};'#`$\\" } else { "$\\" };
                let clean = |c: char| matches!(c, ' '..='~') && !forbidden.contains(c);
                prop_assert!(part.chars().all(clean), "{}", text);
            }
            prop_assert_eq!(text.matches('"').count() % 2, 0);
            prop_assert_eq!(text.parse::<Directive>().map(|again| again.to_string()), Ok(text));
        }
    }

    #[test]
    fn reading_never_panics(text in ".{0,60}") {
        let _ = text.parse::<Directive>();
        let _ = split(&text);
    }
}
