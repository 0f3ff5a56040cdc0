//! Whether an event has a given name, read from its JSON text without building a value. The protocol needs one name only:
//! `disconnect`, which is kept from the application (facts 9.8).

use core::iter::Peekable;
use core::str::Chars;

/// Whether `json` is an object whose last member `name` is the string `name`. Malformed text has no name.
pub(super) fn is(json: &str, name: &str) -> bool {
    let mut scanner = Scanner { rest: json.chars().peekable() };
    scanner.object_names(name).unwrap_or(false)
}

struct Scanner<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Scanner<'_> {
    fn object_names(&mut self, name: &str) -> Option<bool> {
        self.expect('{')?;
        let mut named = false;
        if self.peek()? == '}' {
            return Some(false);
        }
        loop {
            self.expect('"')?;
            let is_name = self.string_equals("name")?;
            self.expect(':')?;
            if is_name {
                named = self.peek()? == '"' && {
                    self.rest.next();
                    self.string_equals(name)?
                };
                if !named {
                    self.skip_value()?;
                }
            } else {
                self.skip_value()?;
            }
            match self.next()? {
                ',' => {}
                '}' => return Some(named),
                _ => return None,
            }
        }
    }

    /// The next character that is not white space, taken.
    fn next(&mut self) -> Option<char> {
        self.peek()?;
        self.rest.next()
    }

    fn peek(&mut self) -> Option<char> {
        while self.rest.next_if(|c| matches!(c, ' ' | '\t' | '\n' | '\r')).is_some() {}
        self.rest.peek().copied()
    }

    fn expect(&mut self, wanted: char) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    /// Reads a string to its end, the opening quote being taken, and compares it.
    fn string_equals(&mut self, wanted: &str) -> Option<bool> {
        let mut wanted = wanted.chars();
        let mut equal = true;
        loop {
            let read = match self.rest.next()? {
                '"' => return Some(equal && wanted.next().is_none()),
                '\\' => self.escape()?,
                plain => plain,
            };
            equal = equal && wanted.next() == Some(read);
        }
    }

    /// The character an escape stands for; U+FFFD for a surrogate, which no name of ours has.
    fn escape(&mut self) -> Option<char> {
        Some(match self.rest.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let mut unit = 0;
                for _ in 0..4 {
                    unit = unit * 16 + self.rest.next()?.to_digit(16)?;
                }
                char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            plain => plain,
        })
    }

    /// Skips the rest of a value, to the comma or brace that follows it in the object.
    fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                ',' | '}' if depth == 0 => return Some(()),
                '{' | '[' => depth += 1,
                '}' | ']' => depth = depth.checked_sub(1)?,
                '"' => {
                    self.rest.next();
                    self.string_equals("")?;
                    continue;
                }
                _ => {}
            }
            self.rest.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn the_name_is_found_wherever_it_stands_and_however_it_is_written() {
        for json in [
            r#"{"name":"disconnect"}"#,
            r#" { "args" : [ {"name":"x"}, "}" ] , "name" : "disconnect" } "#,
            r#"{"n\u0061me":"dis\u0063onnect","args":[]}"#,
            r#"{"name":"other","name":"disconnect"}"#,
            r#"{"name":1,"name":"disconnect"}"#,
        ] {
            assert!(is(json, "disconnect"), "{json}");
        }
    }

    #[test]
    fn anything_else_has_another_name_or_none() {
        for json in [
            r#"{"name":"disconnects"}"#,
            r#"{"name":"disconnect","name":"other"}"#,
            r#"{"args":["disconnect"]}"#,
            r#"{"args":[{"name":"disconnect"}]}"#,
            r#"{"name":["disconnect"]}"#,
            r#"{"name":"disconnect""#,
            r#"["disconnect"]"#,
            "{}",
            "",
            "{\"name\":\"\\ud800\"}",
        ] {
            assert!(!is(json, "disconnect"), "{json}");
        }
    }
}
