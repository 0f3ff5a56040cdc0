//! The Flash policy request and file.
#![allow(clippy::unwrap_used, reason = "tests")]

use socketio08::policy::{Policy, PolicyError, Ports, REQUEST, Seen, recognize};

#[test]
fn a_request_is_told_byte_by_byte() {
    for len in 0..REQUEST.len() {
        assert_eq!(recognize(&REQUEST[..len]), Seen::More, "{len} bytes");
    }
    assert_eq!(recognize(REQUEST), Seen::Request);
    assert_eq!(recognize(&[&REQUEST[..], b"more"].concat()), Seen::Request);
}

#[test]
fn anything_else_is_told_at_its_first_other_byte() {
    for other in [&b"GET / HTTP/1.1"[..], b"<policy-file-request/>\n", b"<policy-file-request>", b"\0"] {
        assert_eq!(recognize(other), Seen::Other, "{other:?}");
    }
}

#[test]
fn the_file_is_that_of_0_8_7_to_the_byte() {
    let policy = Policy::new()
        .allow("example.com", Ports::Some(&[80]))
        .and_then(|policy| policy.allow_any_host(Ports::Some(&[8080])))
        .unwrap();
    assert_eq!(
        policy.to_text(),
        "<?xml version=\"1.0\"?><!DOCTYPE cross-domain-policy SYSTEM \
         \"http://www.macromedia.com/xml/dtds/cross-domain-policy.dtd\"><cross-domain-policy>\
         <allow-access-from domain=\"example.com\" to-ports=\"80\"/>\
         <allow-access-from domain=\"*\" to-ports=\"8080\"/></cross-domain-policy>"
    );
}

#[test]
fn a_policy_without_rules_allows_nothing() {
    assert!(!Policy::new().to_text().contains("allow-access-from"));
}

#[test]
fn a_wildcard_is_no_host() {
    for host in ["*", "*.example.com", "", "a\"/><allow-access-from domain=\"*", "a b", &"a".repeat(254)] {
        assert_eq!(Policy::new().allow(host, Ports::Any), Err(PolicyError::Host), "{host:?}");
    }
    let any = Policy::new().allow_any_host(Ports::Any).unwrap();
    assert!(any.to_text().contains("<allow-access-from domain=\"*\" to-ports=\"*\"/>"));
}

#[test]
fn a_rule_names_ports() {
    for ports in [&[][..], &[0], &[80, 0]] {
        assert_eq!(Policy::new().allow("a", Ports::Some(ports)), Err(PolicyError::Ports));
    }
}
