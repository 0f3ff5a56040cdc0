//! One answer a line, whatever the lines hold.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read, Write};

use socketio08::Limits;

use super::json::Failure;

/// The longest line in bytes: the longest payload with every byte escaped (`\u0001`), the quotes and the line feed.
fn line_len_max() -> usize {
    6 * Limits::default().payload_len_max + 3
}

/// Writes the answer to each line of `input`, in order.
pub(super) fn each<R: Read>(
    mut input: BufReader<R>,
    mut output: impl Write,
    answer: impl Fn(&str) -> String,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than allowed tells a long line from one that just fits.
        let len = input.by_ref().take(line_len_max() as u64 + 1).read_until(b'\n', &mut line)?;
        if len == 0 {
            return output.flush();
        }
        let too_long = len > line_len_max();
        if too_long && !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
        }
        let answer = match str::from_utf8(&line) {
            _ if too_long => line_too_long().to_string(),
            Ok(line) => answer(line.trim_end_matches(['\r', '\n'])),
            Err(error) => Failure::new("line-utf8", error.valid_up_to(), "the line is not UTF-8").to_string(),
        };
        writeln!(output, "{}", one_line(&answer))?;
        // Whoever types lines, or waits for each answer, sees it before the next one is read.
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
}

/// JSON with every line end in it escaped: besides the line feed, which JSON escapes anyway, some readers of lines cut at
/// these. They can stand in strings only.
pub(super) fn one_line(json: &str) -> Cow<'_, str> {
    if !json.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        return Cow::Borrowed(json);
    }
    Cow::Owned(
        json.replace('\u{85}', "\\u0085").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"),
    )
}

fn line_too_long() -> Failure {
    let message = format!("the line is longer than {} bytes", line_len_max());
    Failure::new("line-too-long", line_len_max(), message)
}

#[cfg(test)]
mod tests {
    use super::{each, line_len_max};
    use std::io::BufReader;

    fn answers(input: &[u8]) -> Vec<String> {
        let mut output = Vec::new();
        each(BufReader::with_capacity(16, input), &mut output, |line| format!("<{line}>")).unwrap();
        String::from_utf8(output).unwrap().lines().map(String::from).collect()
    }

    #[test]
    fn each_line_has_its_answer_whatever_ends_it() {
        assert_eq!(answers(b"a\nb\r\n\nc"), ["<a>", "<b>", "<>", "<c>"]);
        assert_eq!(answers(b""), [""; 0]);
    }

    #[test]
    fn an_answer_is_one_line_to_every_reader() {
        assert_eq!(answers("\u{85}\u{2028}\u{2029}".as_bytes()), ["<\\u0085\\u2028\\u2029>"]);
    }

    #[test]
    fn a_line_that_is_not_utf8_is_an_error_and_the_next_one_follows() {
        let answers = answers(b"ab\xFFc\nd\n");
        let error =
            r#"{"error":{"kind":"line-utf8","offset":2,"message":"the line is not UTF-8 at byte 2"}}"#;
        assert_eq!(answers, [error, "<d>"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_an_error_and_the_next_one_follows() {
        let mut input = vec![b'x'; line_len_max() + 2];
        input.extend(b"\nd");
        let answers = answers(&input);
        assert!(answers[0].contains("line-too-long"), "{}", answers[0]);
        assert_eq!(answers[1..], ["<d>"]);
    }
}
