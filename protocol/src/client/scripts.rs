//! Links whose answers are scripts: jsonp-polling, and the stream of htmlfile.

use bytes::Bytes;

use super::link::LinkId;
use super::{Client, ClientEvent, Violation};
use crate::script::{Argument, Call, ScriptError, ScriptErrorKind};
use crate::{Text, Transport};

impl Client {
    pub(super) fn is_script_link(&self, id: LinkId) -> bool {
        self.links.get(&id).is_some_and(|link| link.transport == Transport::JsonpPolling)
    }

    /// The script of a jsonp poll came. One that cannot be run calls nothing, so the genuine client waits for ever.
    pub(super) fn take_script(&mut self, id: LinkId, status: u16, body: &Text) {
        self.forget_poll(id);
        if status != 200 {
            self.link_failed(id);
            return;
        }
        match self.read_script(id, body) {
            Ok(data) => {
                self.take_data(id, &data);
                self.send_poll(id);
            }
            Err(error) => {
                self.tell(ClientEvent::PeerViolation { error: Violation::Script(error) });
                if self.improved() {
                    self.link_failed(id);
                }
            }
        }
    }

    fn read_script(&self, id: LinkId, body: &Text) -> Result<Text, ScriptError> {
        let call = Call::read(body)?;
        let index = self.links.get(&id).map(|link| link.index);
        match call.argument {
            _ if Some(call.index) != index => Err(ScriptError { offset: 0, kind: ScriptErrorKind::Index }),
            Argument::Text(data) => Ok(data),
            Argument::Error(_) => Err(ScriptError { offset: 0, kind: ScriptErrorKind::String }),
        }
    }

    /// The script that answers a handshake. A refusal says why; anything else that calls nothing is never noticed by the
    /// genuine client.
    pub(super) fn take_handshake_script(&mut self, index: u64, status: u16, body: &Text) {
        let call = Call::read(body).ok().filter(|call| status == 200 && call.index == index);
        match call.map(|call| call.argument) {
            Some(Argument::Text(body)) => self.take_handshake(status, &body),
            Some(Argument::Error(reason)) if self.improved() => {
                self.improved_handshake_answered(403, &reason);
            }
            Some(Argument::Error(reason)) => {
                if self.is_v0_9() {
                    self.connecting = false;
                }
                self.tell(ClientEvent::HandshakeFailed { status, body: reason });
            }
            None if self.improved() => self.improved_handshake_answered(0, body),
            None => {}
        }
    }

    /// A part of a stream came. A link that is closed by what is in it hears no more of it.
    pub(super) fn take_chunk(&mut self, id: LinkId, mut data: Bytes) {
        let stream = self.links.get(&id).and_then(|link| link.poll);
        while let Some(link) = self.links.get_mut(&id).filter(|link| link.poll == stream) {
            let Some(text) = link.reader.as_mut().and_then(|reader| reader.read(&mut data)) else { return };
            match text {
                // The genuine client of 0.9 unescapes slashes that JavaScript has unescaped before.
                Ok(text) if self.is_v0_9() => self.take_data(id, &Text::from(text.replace("\\/", "/"))),
                Ok(text) => self.take_data(id, &text),
                Err(error) => self.tell(ClientEvent::PeerViolation { error: Violation::Script(error) }),
            }
        }
    }

    /// A stream ended, or never was one. The genuine client does not notice; the watchdogs of 0.9 do.
    pub(super) fn stream_ended(&mut self, id: LinkId) {
        self.forget_poll(id);
        if self.improved() {
            self.link_failed(id);
        }
    }
}
