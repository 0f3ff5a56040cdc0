//! What servers and their store say to each other.

use socketio08::server::{ServerInput, ServerTransmit};

use super::marks::Mark;
use super::shared::{Ask, Word};
use super::step::Step;
use super::told::Party;
use super::world::SessionNote;

/// The bit of a server.
pub(super) fn bit(server: u8) -> u8 {
    1_u8.checked_shl(u32::from(server)).unwrap_or(0)
}

impl Step<'_> {
    /// A server says something to the store.
    pub(super) fn ask_store(&mut self, server: u8, transmit: ServerTransmit) {
        let line = self.world.shared.line_mut(server);
        let (Some(line), Some(ask)) = (line, Ask::of(transmit)) else {
            self.world.marks.set(Mark::Astray);
            return;
        };
        line.up.push_back(ask.clone());
        self.remark(Party::Server(server), || ask.label());
    }

    /// It gets there.
    pub(super) fn store(&mut self, server: u8) -> Option<()> {
        self.world.shared.take(server)?;
        self.remark(Party::Server(server), || "is heard by the store".to_owned());
        Some(())
    }

    /// A word of the store gets to a server.
    pub(super) fn hear_store(&mut self, server: u8) -> Option<()> {
        let word = self.world.shared.line_mut(server)?.down.pop_front()?;
        self.remark(Party::Server(server), || word.label());
        if let Word::Published { channel, message } = &word
            && channel == "handshake"
        {
            let named = |note: &&mut SessionNote| message.contains(&format!("\"{}\"", note.name));
            self.world.sessions.iter_mut().filter(named).for_each(|note| note.told |= bit(server));
        }
        let input = match word {
            Word::Published { channel, message } => ServerInput::Published { channel, message },
            Word::Stored { ticket, answer, .. } => ServerInput::Stored { ticket, answer },
        };
        self.drive_server(server, |machine, now| machine.handle_input(now, input))
    }

    /// What a server said last does not get to the store.
    pub(super) fn unsaid(&mut self, server: u8) -> Option<()> {
        let line = self.world.shared.line_mut(server)?;
        let ask = line.up.pop_back()?;
        if let Ask::Operate { ticket, key, .. } = ask.clone() {
            line.down.push_back(Word::failed(ticket, key));
        }
        self.remark(Party::Server(server), || format!("in vain: {}", ask.label()));
        Some(())
    }

    /// A word of the store does not get to a server.
    pub(super) fn unheard(&mut self, server: u8) -> Option<()> {
        let line = self.world.shared.line_mut(server)?;
        let word = line.down.pop_front()?;
        if let Word::Stored { ticket, key, .. } = word.clone() {
            line.down.push_front(Word::failed(ticket, key));
        }
        self.remark(Party::Server(server), || format!("does not hear: {}", word.label()));
        Some(())
    }
}
