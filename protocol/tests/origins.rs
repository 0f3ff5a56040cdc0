//! The allow-list of origins: its entries, and its verdict on a request.

use socketio08::{Cors, Origin, OriginErrorKind, Origins, Text};

fn headers(pairs: &[(&str, &str)]) -> Vec<(Text, Text)> {
    pairs.iter().map(|&(name, value)| (Text::from(name), Text::from(value))).collect()
}

/// The verdict on a page of `origin`, towards `io.example.com` without TLS.
fn judge(entries: &[&str], origin: &str) -> Cors {
    let origins = Origins::parse(entries).expect("good entries");
    origins.judge(&headers(&[("Host", "io.example.com"), ("Origin", origin)]), false)
}

fn named(origin: &str, credentials: bool) -> Cors {
    Cors::Named { origin: Text::from(origin), credentials }
}

#[track_caller]
fn assert_allows(entry: &str, allowed: &[&str], refused: &[&str]) {
    for origin in allowed {
        assert!(judge(&[entry], origin).is_allowed(), "{entry} should allow {origin}");
    }
    for origin in refused {
        assert!(!judge(&[entry], origin).is_allowed(), "{entry} should refuse {origin}");
    }
}

#[test]
fn by_default_only_pages_of_the_servers_own_host_are_allowed() {
    assert_eq!(judge(&[], "http://io.example.com"), named("http://io.example.com", true));
    for foreign in
        ["http://example.com", "http://io.example.com:8080", "http://a.io.example.com", "null", "x"]
    {
        assert_eq!(judge(&[], foreign), Cors::Refused { origin: Text::from(foreign) });
    }
}

#[test]
fn the_own_host_is_that_of_the_host_header_with_its_port() {
    let own = |host, origin, secure| {
        Origins::default().judge(&headers(&[("host", host), ("origin", origin)]), secure).is_allowed()
    };
    assert!(own("localhost:8000", "http://localhost:8000", false));
    assert!(own("example.com:80", "http://example.com", false));
    assert!(own("example.com", "http://example.com:80", false));
    assert!(own("[::1]:8000", "http://[0:0::1]:8000", false));
    assert!(own("Example.COM.", "http://example.com", false));
    assert!(!own("localhost:8000", "http://localhost", false));
    assert!(!own("localhost", "http://localhost:8000", false));
    assert!(!own("", "http://localhost", false));
    assert!(!own("local host", "http://localhost", false));
}

#[test]
fn a_page_over_https_is_the_own_one_behind_a_proxy_that_ended_tls_but_one_over_http_never_that_of_a_server_over_tls()
 {
    let own = |origin, secure| {
        let headers = headers(&[("Host", "example.com"), ("Origin", origin)]);
        Origins::default().judge(&headers, secure).is_allowed()
    };
    assert!(own("https://example.com", false));
    assert!(own("https://example.com", true));
    assert!(!own("http://example.com", true));
    assert!(!own("ftp://example.com", false));
}

#[test]
fn the_host_header_itself_is_the_origin_of_the_genuine_node_client_0_9() {
    let allowed = |host: &str, origin: &str| {
        Origins::default().judge(&headers(&[("Host", host), ("Origin", origin)]), false).is_allowed()
    };
    assert!(allowed("127.0.0.1:8000", "127.0.0.1:8000"));
    assert!(!allowed("127.0.0.1:8000", "127.0.0.1:8001"));
    assert!(!allowed("null", "null"), "a sandboxed frame says so too");
}

#[test]
fn an_entry_without_a_port_means_the_default_port_of_the_scheme() {
    assert_allows(
        "http://example.com",
        &["http://example.com", "http://example.com:80"],
        &["http://example.com:8080", "https://example.com", "http://example.com:443"],
    );
    assert_allows(
        "https://example.com:443",
        &["https://example.com", "https://example.com:443"],
        &["https://example.com:80", "http://example.com:80"],
    );
    assert_allows(
        "*://example.com",
        &["http://example.com", "https://example.com"],
        &["http://example.com:443", "https://example.com:80"],
    );
}

#[test]
fn schemes_and_hosts_compare_without_case_and_without_a_final_dot() {
    assert_allows(
        "HTTPS://Example.com.",
        &["https://EXAMPLE.com", "Https://example.com."],
        &["https://example.com.."],
    );
}

#[test]
fn a_wildcard_host_is_every_name_below_but_not_the_name_itself() {
    assert_allows(
        "https://*.example.com",
        &["https://a.example.com", "https://a.b.example.com", "https://A.example.com."],
        &[
            "https://example.com",
            "https://evilexample.com",
            "https://.example.com",
            "https://example.com.evil.com",
        ],
    );
}

#[test]
fn ipv6_hosts_compare_by_value() {
    assert_allows(
        "http://[::1]:8000",
        &["http://[0:0:0:0:0:0:0:1]:8000"],
        &["http://[::2]:8000", "http://[::1]"],
    );
    assert_allows("http://*.example.com", &[], &["http://[::1]"]);
}

#[test]
fn entries_of_0_8_7_have_no_scheme() {
    assert_allows(
        "example.com:*",
        &["http://example.com", "https://example.com:1", "http://example.com:8080"],
        &["http://a.example.com"],
    );
    assert_allows("*:8080", &["http://other:8080", "http://[::1]:8080"], &["http://other", "null"]);
    assert_allows(
        "example.com:80",
        &["http://example.com", "http://example.com:80"],
        &["https://example.com"],
    );
}

#[test]
fn a_scheme_of_an_application_has_no_port() {
    assert_allows("ionic://localhost", &["ionic://localhost"], &["ionic://localhost:80", "http://localhost"]);
    assert_allows(
        "chrome-extension://abcdef",
        &["chrome-extension://abcdef"],
        &["chrome-extension://abcdeg"],
    );
}

#[test]
fn credentials_go_to_a_host_that_is_named_and_to_nobody_else() {
    assert_eq!(judge(&["http://a.com"], "http://a.com"), named("http://a.com", true));
    assert_eq!(judge(&["http://*.a.com:*"], "http://b.a.com:1"), named("http://b.a.com:1", true));
    assert_eq!(judge(&["http://*:8080"], "http://b.com:8080"), named("http://b.com:8080", false));
    assert_eq!(judge(&["null"], "null"), named("null", false));
    assert_eq!(
        judge(&["http://*:8080", "http://a.com:8080"], "http://a.com:8080"),
        named("http://a.com:8080", true)
    );
}

#[test]
fn every_origin_is_allowed_by_the_wildcard_which_never_gives_credentials() {
    for entries in [&["*"][..], &["*:*"], &["*://*:*"]] {
        assert_eq!(Origins::parse(entries), Ok(Origins::any()));
    }
    assert!(Origins::any().is_any());
    for origin in ["http://a.com", "null", "garbage"] {
        assert_eq!(judge(&["*"], origin), Cors::Any);
    }
    assert_eq!(judge(&["*", "http://a.com"], "http://a.com"), named("http://a.com", true));
}

#[test]
fn null_is_refused_unless_it_is_listed() {
    assert_allows("http://example.com", &[], &["null"]);
    assert_allows("null", &["null"], &["http://null"]);
}

#[test]
fn a_request_that_names_no_origin_is_allowed_unless_names_are_wanted() {
    let curl = headers(&[("Host", "io.example.com")]);
    assert_eq!(Origins::default().judge(&curl, false), Cors::Allowed);
    assert_eq!(Origins::default().named_only().judge(&curl, false), Cors::Refused { origin: Text::EMPTY });
    assert_eq!(Origins::any().named_only().judge(&curl, false), Cors::Allowed);
    let empty = headers(&[("Host", "io.example.com"), ("Origin", "")]);
    assert_eq!(Origins::default().judge(&empty, false), Cors::Allowed);
}

#[test]
fn a_script_of_a_foreign_page_is_known_by_its_referer() {
    let judge = |entries: &[&str], referer: &str| {
        let headers = headers(&[("Host", "io.example.com"), ("Referer", referer)]);
        Origins::parse(entries).expect("good entries").judge(&headers, false)
    };
    assert_eq!(judge(&[], "http://io.example.com/page?x=1"), Cors::Allowed);
    assert_eq!(judge(&["http://a.com"], "http://a.com/page#x"), Cors::Allowed);
    assert!(!judge(&["http://a.com"], "http://b.com/http://a.com").is_allowed());
    assert!(!judge(&["http://a.com"], "about:blank").is_allowed());
    assert_eq!(judge(&["*"], "http://b.com/"), Cors::Allowed);
}

#[test]
fn a_foreign_page_that_hides_its_name_is_known_by_what_the_browser_says_of_its_site() {
    for (site, allowed) in
        [("cross-site", false), ("same-site", false), ("same-origin", true), ("none", true)]
    {
        let hidden = headers(&[("Host", "io.example.com"), ("Sec-Fetch-Site", site)]);
        assert_eq!(Origins::default().judge(&hidden, false).is_allowed(), allowed, "{site}");
    }
}

#[test]
fn websockets_of_versions_7_and_8_name_their_origin_in_a_header_of_their_own() {
    let judge = |version: &str, early: Option<&str>, origin: Option<&str>| {
        let mut pairs = vec![("Host", "io.example.com"), ("Sec-WebSocket-Version", version)];
        pairs.extend(early.map(|value| ("Sec-WebSocket-Origin", value)));
        pairs.extend(origin.map(|value| ("Origin", value)));
        Origins::parse(["http://a.com"]).expect("an entry").judge(&headers(&pairs), false).is_allowed()
    };
    for version in ["7", "8"] {
        assert!(judge(version, Some("http://a.com"), Some("http://evil.com")));
        assert!(!judge(version, Some("http://evil.com"), Some("http://a.com")));
        assert!(!judge(version, None, Some("http://evil.com")));
    }
    assert!(!judge("13", Some("http://a.com"), Some("http://evil.com")));
    assert!(judge("13", Some("http://evil.com"), Some("http://a.com")));
}

#[test]
fn an_entry_that_is_none_is_an_error_with_its_place_and_what_to_write() {
    use OriginErrorKind as Kind;
    for (entry, offset, kind) in [
        ("", 0, Kind::Scheme),
        ("example.com", 0, Kind::Scheme),
        ("localhost:0", 0, Kind::Scheme),
        ("1http://example.com", 0, Kind::Scheme),
        ("http://", 7, Kind::Host),
        ("http://:80", 7, Kind::Host),
        ("https://example.com/", 19, Kind::Path),
        ("https://example.com/app", 19, Kind::Path),
        ("https://example.com?x", 19, Kind::Path),
        ("https://me@example.com", 10, Kind::User),
        ("https://example.com:http", 20, Kind::Port),
        ("https://example.com:", 20, Kind::Port),
        ("https://example.com:65536", 20, Kind::Port),
        ("https://example.com:0", 20, Kind::Port),
        ("https://exa mple.com", 11, Kind::HostCharacter),
        ("https://müller.example", 9, Kind::NotAscii),
        ("https://exa*.com", 11, Kind::Wildcard),
        ("https://*example.com", 8, Kind::Wildcard),
        ("https://*.*.com", 10, Kind::Wildcard),
        ("https://*.10.0.0.1", 8, Kind::Wildcard),
        ("http://[::1", 7, Kind::Ipv6),
        ("http://[::g]:80", 7, Kind::Ipv6),
    ] {
        let error = Origins::parse([entry]).expect_err(entry);
        assert_eq!((error.offset, error.kind), (offset, kind), "{entry}");
    }
    let error = Origins::parse(["https://example.com/"]).expect_err("a slash");
    assert_eq!(
        error.to_string(),
        "more than scheme, host and port at byte 19: an origin ends with its host or port: leave the rest out, a final slash too"
    );
}

#[test]
fn an_origin_is_shown_as_browsers_send_it() {
    for (text, shown) in [
        ("HTTP://Example.com:80", "http://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("http://[0:0::1]", "http://[::1]"),
    ] {
        assert_eq!(Origin::parse(text).expect("an origin").to_string(), shown);
    }
}
