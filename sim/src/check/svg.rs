//! The sequence diagram as a picture.

use std::fmt::Write as _;

use super::story::{Line, Story, name};
use super::told::Told;

const COLUMN: usize = 150;
const ROW: usize = 22;
const LEFT: usize = 90;
const HEAD: usize = 40;
/// Room for the words to the right of the last column.
const WORDS: usize = 560;

impl Story {
    /// The sequence diagram as an SVG document, light or dark as the reader has it.
    pub fn svg(&self) -> String {
        let columns = self.parties().len();
        let width = LEFT + columns * COLUMN + WORDS;
        let height = HEAD + (self.lines.len() + 1) * ROW;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             font-family=\"monospace\" font-size=\"13\">\n{STYLE}"
        );
        for (column, party) in self.parties().into_iter().enumerate() {
            let x = center(column);
            let _ = writeln!(
                out,
                "<text x=\"{x}\" y=\"20\" text-anchor=\"middle\" class=\"head\">{}</text>\n\
                 <line x1=\"{x}\" y1=\"28\" x2=\"{x}\" y2=\"{}\" class=\"life\"/>",
                name(party),
                height - ROW / 2
            );
        }
        for (row, line) in self.lines.iter().enumerate() {
            out.push_str(&self.svg_row(HEAD + row * ROW + ROW / 2, line));
        }
        out.push_str("</svg>\n");
        out
    }

    fn svg_row(&self, y: usize, line: &Line) -> String {
        let base = y + 4;
        let time =
            format!("<text x=\"10\" y=\"{base}\" class=\"time\">{:.3}</text>\n", line.at.as_secs_f64());
        let end = LEFT + self.parties().len() * COLUMN;
        let (drawing, words) = match &line.told {
            Told::Arrow { from, to, words } => {
                let from = center(self.column(*from).unwrap_or(usize::from(self.clients)));
                let to = center(self.column(*to).unwrap_or(0));
                let (tip, back) = if from < to { (to, to - 8) } else { (to, to + 8) };
                let head = format!("{tip},{y} {back},{} {back},{}", y - 4, y + 4);
                (
                    format!(
                        "<line x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\" class=\"arrow\"/><polygon points=\"{head}\" class=\"tip\"/>"
                    ),
                    words,
                )
            }
            Told::Remark { party, words } => {
                let x = center(self.column(*party).unwrap_or(0));
                (format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" class=\"tip\"/>"), words)
            }
        };
        format!("{time}{drawing}<text x=\"{end}\" y=\"{base}\">{}</text>\n", escaped(words))
    }
}

const STYLE: &str = "<style>svg{background:#fff}text{fill:#222}.head{font-weight:bold}.time{fill:#888}.life{stroke:#bbb;stroke-dasharray:3 3}\
.arrow{stroke:#1f6feb;stroke-width:1.5}.tip{fill:#1f6feb}@media(prefers-color-scheme:dark){svg{background:#111}text{fill:#ddd}\
.life{stroke:#555}.arrow{stroke:#6cb0ff}.tip{fill:#6cb0ff}}</style>\n";

fn center(column: usize) -> usize {
    LEFT + column * COLUMN + COLUMN / 2
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
