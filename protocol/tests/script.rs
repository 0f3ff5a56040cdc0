//! JavaScript that is read and never evaluated: string literals, and the scripts that call the page.

use socketio08::script::{Argument, Call, ScriptErrorKind, form_field, quote, unquote};

fn text(script: &str) -> String {
    match Call::read(script).expect("a call").argument {
        Argument::Text(text) => text.to_string(),
        Argument::Error(text) => panic!("an error: {text}"),
    }
}

fn wrong(script: &str) -> (ScriptErrorKind, usize) {
    let error = Call::read(script).expect_err("no call");
    (error.kind, error.offset)
}

#[test]
fn a_call_gives_its_index_and_its_text() {
    let call = Call::read("io.j[12](\"1::\");").expect("a call");
    assert_eq!(call.index, 12);
    assert_eq!(call.argument, Argument::Text("1::".into()));
}

#[test]
fn a_refused_handshake_is_an_error_argument() {
    let call = Call::read("io.j[0](new Error(\"handshake unauthorized\"));").expect("a call");
    assert_eq!(call.argument, Argument::Error("handshake unauthorized".into()));
}

#[test]
fn blanks_and_a_missing_semicolon_do_not_matter() {
    assert_eq!(text(" io.j[0] ( \"a\" )\n"), "a");
    assert_eq!(text("io.j[0]('it\"s');\r\n"), "it\"s");
}

#[test]
fn what_follows_the_call_is_not_passed_over() {
    assert_eq!(wrong("io.j[0](\"a\");alert(1)"), (ScriptErrorKind::Call, 13));
    assert_eq!(wrong("io.j[0](\"a\")(\"b\")"), (ScriptErrorKind::Call, 12));
    assert_eq!(wrong("io.j[0](\"a\"+\"b\");"), (ScriptErrorKind::Call, 11));
}

#[test]
fn an_index_is_one_to_ten_digits() {
    assert_eq!(Call::read("io.j[9999999999](\"\")").expect("a call").index, 9_999_999_999);
    assert_eq!(wrong("io.j[](\"\")"), (ScriptErrorKind::Index, 5));
    assert_eq!(wrong("io.j[12345678901](\"\")"), (ScriptErrorKind::Index, 5));
    assert_eq!(wrong("io.j[x](\"\")"), (ScriptErrorKind::Index, 5));
}

#[test]
fn the_argument_is_a_literal_and_nothing_else() {
    assert_eq!(wrong("io.j[0](alert)"), (ScriptErrorKind::String, 8));
    assert_eq!(wrong("io.j[0](\"a)"), (ScriptErrorKind::Unterminated, 8));
    assert_eq!(wrong("io.j[0](\"a\nb\")"), (ScriptErrorKind::Unterminated, 10));
    assert_eq!(wrong(""), (ScriptErrorKind::Call, 0));
}

#[test]
fn every_escape_of_javascript_is_read() {
    assert_eq!(unquote(r#"\b\t\n\v\f\r\0\"\'\\\/"#).expect("good"), "\u{8}\t\n\u{b}\u{c}\r\0\"'\\/");
    assert_eq!(unquote(r"\x41\u00e9\u{1F600}\q").expect("good"), "A\u{e9}\u{1f600}q");
    assert_eq!(unquote("a\\\r\nb\\\u{2028}c").expect("good"), "abc");
}

#[test]
fn a_surrogate_pair_is_one_character_and_a_half_is_replaced() {
    assert_eq!(unquote(r"\ud83d\ude00").expect("good"), "\u{1f600}");
    assert_eq!(unquote(r"\ud83dx\ude00\ud83d\ud83d\ude00\ud83d").expect("good"), {
        "\u{fffd}x\u{fffd}\u{fffd}\u{1f600}\u{fffd}"
    });
}

#[test]
fn raw_line_separators_are_text() {
    assert_eq!(text("io.j[0](\"a\u{2028}b\u{2029}c\");"), "a\u{2028}b\u{2029}c");
}

#[test]
fn a_backslash_that_begins_no_escape_is_an_error_with_its_place() {
    for (literal, offset) in [
        ("ab\\x4", 2),
        ("\\u12g4", 0),
        ("a\\u{110000}", 1),
        ("\\u{}", 0),
        ("\\1", 0),
        ("\\00", 0),
        ("a\\", 1),
    ] {
        let error = unquote(literal).expect_err(literal);
        assert_eq!((error.kind, error.offset), (ScriptErrorKind::Escape, offset), "{literal}");
    }
}

#[test]
fn what_is_quoted_reads_back() {
    for original in ["", "a\"b\\c/", "\u{0}\u{1f}\u{7f}\r\n\t", "\u{2028}</script>\u{1f600}\u{fffd}5\u{fffd}"]
    {
        let quoted = quote(original);
        let literal = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).expect("quotes");
        assert_eq!(unquote(literal).expect("good"), original);
    }
    assert_eq!(quote("a\u{1}\"\n\u{e9}"), "\"a\\u0001\\\"\\n\u{e9}\"");
}

#[test]
fn a_form_field_is_encoded_as_browsers_do() {
    // As recorded of the genuine client's form.
    let body = form_field("d", &quote("3:::m\n1 \u{e9}\u{1f600}&=+"));
    assert_eq!(body, "d=%223%3A%3A%3Am%5Cn1+%C3%A9%F0%9F%98%80%26%3D%2B%22");
    assert_eq!(form_field("d", "a*-._Z9~"), "d=a*-._Z9%7E");
}
