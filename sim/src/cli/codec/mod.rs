//! `sio08 codec`: packets and payloads, from the wire to JSON and back, one a line; and one explained to a person.

mod decode;
mod encode;
mod explain;
mod json;
mod lines;

use std::io::{BufReader, BufWriter, Write};

use clap::{Args, Subcommand};
use socketio08::{Limits, PacketRef};

use super::Exit;

/// Reads, writes and explains packets of Socket.IO 0.8.
#[derive(Args, Debug)]
pub(super) struct CodecArgs {
    #[command(subcommand)]
    command: CodecCommand,
}

#[derive(Debug, Subcommand)]
enum CodecCommand {
    /// From the wire to JSON.
    ///
    /// Each line of standard input is a JSON string, the text on the wire; each line written is a JSON object: type, id, ack,
    /// endpoint, and data, name + args, qs, ackId + args, or reason + advice. A line that cannot be decoded gives
    /// {"error":{"kind":..,"offset":..,"message":..}}, the offset in bytes of the text on the wire, and the next line
    /// follows.
    Decode {
        /// Lines are payloads: each gives an array of packets. If part of one is bad, the object has the first error and,
        /// as "packets", what could be read.
        #[arg(long)]
        payload: bool,
        /// One text as it is on the wire, instead of standard input.
        text: Option<String>,
    },
    /// From JSON to the wire: the inverse of decode.
    ///
    /// Each line of standard input is a JSON object as decode writes it; each line written is a JSON string, the text on
    /// the wire.
    Encode {
        /// Lines are arrays of packets (objects, or strings that are packets already): each gives a payload.
        #[arg(long)]
        payload: bool,
    },
    /// Explain one packet, field by field.
    Explain {
        /// The packet as it is on the wire.
        packet: String,
    },
}

/// Runs the command.
pub(super) fn run(args: CodecArgs) -> Exit {
    match args.command {
        CodecCommand::Decode { payload, text: Some(text) } => decode_one(&text, payload),
        CodecCommand::Decode { payload: false, text: None } => each_line(decode::packet_line),
        CodecCommand::Decode { payload: true, text: None } => each_line(decode::payload_line),
        CodecCommand::Encode { payload: false } => each_line(encode::packet_line),
        CodecCommand::Encode { payload: true } => each_line(encode::payload_line),
        CodecCommand::Explain { packet } => explain_one(&packet),
    }
}

fn decode_one(text: &str, payload: bool) -> Exit {
    let decoded = if payload { decode::payload(text, &Limits::default()) } else { decode::packet(text) };
    match decoded {
        Ok(json) => print(&format!("{}\n", lines::one_line(&json))),
        Err(failure) => complain(&failure.message),
    }
}

fn explain_one(text: &str) -> Exit {
    match PacketRef::decode(text) {
        Ok(packet) => print(&explain::explain(&packet)),
        Err(_) if text.starts_with('\u{FFFD}') => {
            complain("several packets in one payload: `sio08 codec decode --payload` reads them")
        }
        Err(error) => complain(&error.to_string()),
    }
}

fn complain(message: &str) -> Exit {
    eprintln!("error: {message}");
    Exit::BadInput
}

fn print(text: &str) -> Exit {
    end(std::io::stdout().write_all(text.as_bytes()))
}

fn each_line(answer: impl Fn(&str) -> String) -> Exit {
    let input = BufReader::new(std::io::stdin().lock());
    let output = BufWriter::new(std::io::stdout().lock());
    end(lines::each(input, output, answer))
}

fn end(written: std::io::Result<()>) -> Exit {
    match written {
        // The reader of a pipe may stop early, as `head` does.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            eprintln!("error: {error}");
            Exit::Internal
        }
        _ => Exit::Holds,
    }
}
