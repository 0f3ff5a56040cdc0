//! A way through the states, told step by step.

use std::fmt::Write as _;
use std::time::Duration;

use super::action::Action;
use super::setup::Setup;
use super::step::Step;
use super::told::{Party, Told};
use super::world::World;

/// One line of a story.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Line {
    /// Since the beginning.
    pub(super) at: Duration,
    /// The step that it belongs to, from 1.
    pub(super) step: usize,
    pub(super) told: Told,
}

/// A way through the states of a model.
#[derive(Clone, Debug)]
pub struct Story {
    pub(super) clients: u8,
    pub(super) servers: u8,
    pub(super) lines: Vec<Line>,
    /// The properties that the last state breaks, or has if they are of the kind `sometimes`.
    pub decided: Vec<&'static str>,
    /// How many steps were taken.
    pub steps: usize,
}

/// A step that cannot be taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "step {step} ({action:?}) cannot be taken: the file is of another version, or was changed; make it anew by sio08 check"
)]
pub struct Impossible {
    step: usize,
    action: Action,
}

/// Takes the steps of `path` again.
///
/// # Errors
/// If one of them cannot be taken.
pub fn replay(setup: &Setup, path: &[Action]) -> Result<Story, Impossible> {
    let mut world = World::new(setup);
    let mut lines = Vec::new();
    let mut at = Duration::ZERO;
    for (step, action) in (1..).zip(path) {
        let mut possible = Vec::new();
        super::action::actions(setup, &world, &mut possible);
        let mut taken = Step::new(setup, &world, true);
        if !possible.contains(action) || !taken.act(*action) {
            return Err(Impossible { step, action: *action });
        }
        at += taken.now - socketio08::Instant::ZERO;
        let told = taken.told.take().unwrap_or_default();
        lines.extend(told.into_iter().map(|told| Line { at, step, told }));
        taken.settle();
        world = taken.world;
    }
    let (clients, servers) = (setup.clients, setup.servers);
    let decided = super::property::decided(setup, &world);
    Ok(Story { clients, servers, lines, decided, steps: path.len() })
}

impl Story {
    /// The numbered story.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut last = 0;
        for line in &self.lines {
            let number = if line.step == last { String::new() } else { format!("{}.", line.step) };
            last = line.step;
            let words = match &line.told {
                Told::Arrow { from, to, words } => format!("{} ─▶ {}  {words}", name(*from), name(*to)),
                Told::Remark { party, words } => format!("{} {words}", name(*party)),
            };
            let _ = writeln!(out, "  {number:>4} {:>8.3}  {words}", line.at.as_secs_f64());
        }
        out
    }

    /// The same as a sequence diagram: one column for each client and server.
    pub fn diagram(&self) -> String {
        let mut out = String::from("          ");
        for party in self.parties() {
            let _ = write!(out, "{:^COLUMN$}", name(party));
        }
        let mut out = out.trim_end().to_owned();
        out.push('\n');
        for line in &self.lines {
            out.push_str(&self.row(line));
        }
        out
    }

    pub(super) fn parties(&self) -> Vec<Party> {
        (0..self.clients).map(Party::Client).chain((0..self.servers).map(Party::Server)).collect()
    }

    /// The column of a party; what is between has none.
    pub(super) fn column(&self, party: Party) -> Option<usize> {
        self.parties().into_iter().position(|other| other == party)
    }

    fn row(&self, line: &Line) -> String {
        let width = self.parties().len() * COLUMN;
        let mut cells = vec![' '; width];
        let center = |column: usize| column * COLUMN + COLUMN / 2;
        for column in 0..self.parties().len() {
            put(&mut cells, center(column), '│');
        }
        let words = match &line.told {
            Told::Arrow { from, to, words } => {
                // What the balancer says comes from beside the servers.
                let ends =
                    (self.column(*from).unwrap_or(usize::from(self.clients)), self.column(*to).unwrap_or(0));
                arrow(&mut cells, center(ends.0), center(ends.1));
                words
            }
            Told::Remark { party, words } => {
                if let Some(column) = self.column(*party) {
                    put(&mut cells, center(column), '●');
                }
                words
            }
        };
        let drawing: String = cells.into_iter().collect();
        format!("{:>8.3}  {drawing}  {words}\n", line.at.as_secs_f64())
    }
}

/// Characters of one column of the diagram.
const COLUMN: usize = 12;

fn put(cells: &mut [char], at: usize, what: char) {
    if let Some(cell) = cells.get_mut(at) {
        *cell = what;
    }
}

fn arrow(cells: &mut [char], from: usize, to: usize) {
    for at in from.min(to) + 1..from.max(to) {
        put(cells, at, '─');
    }
    if from < to {
        put(cells, to.saturating_sub(1), '▶');
    } else {
        put(cells, to + 1, '◀');
    }
}

/// As people count: from 1.
pub(super) fn name(party: Party) -> String {
    match party {
        Party::Client(at) => format!("client {}", at + 1),
        Party::Server(at) => format!("server {}", char::from(b'a'.saturating_add(at))),
        Party::Between => "balancer".to_owned(),
    }
}
