//! What `sio08 serve` offers to clients of 2010 and 2011.

use clap::Args;
use socketio08::Transport;
use socketio08::policy::{Policy, PolicyError, Ports};

use crate::serve::FlashOptions;

/// Transports, drafts and policies; the drafts are off unless asked for.
#[derive(Args, Debug)]
pub(super) struct OldClients {
    /// A transport to offer, in this order: websocket, flashsocket, htmlfile, xhr-polling or jsonp-polling. May be given
    /// several times; without it, those of the release are offered. Flashsocket is offered only if named.
    #[arg(long = "transport", value_name = "NAME", value_parser = transport)]
    pub(super) transports: Vec<Transport>,
    /// Serve websockets of the drafts hixie-75 and hixie-76 too, as browsers of 2010 and the Flash client speak.
    #[arg(long)]
    pub(super) hixie: bool,
    /// A host whose Flash films may open sockets to this server's port; `*` for every host. May be given several times. The
    /// policy is given to players that ask for it on that port.
    #[arg(long = "flash-policy-host", value_name = "HOST", value_parser = host)]
    hosts: Vec<String>,
    /// Give the policy on a port of its own too, as 0.8.7 does on 10843.
    #[arg(long = "flash-policy-port", value_name = "PORT", requires = "hosts")]
    port: Option<u16>,
}

impl OldClients {
    pub(super) fn flash(&self) -> Option<FlashOptions> {
        (!self.hosts.is_empty()).then(|| FlashOptions { hosts: self.hosts.clone(), port: self.port })
    }
}

fn transport(text: &str) -> Result<Transport, String> {
    Transport::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = Transport::ALL.iter().map(|transport| transport.name()).collect();
        format!("the transports are {}", names.join(", "))
    })
}

fn host(text: &str) -> Result<String, PolicyError> {
    if text != "*" {
        Policy::new().allow(text, Ports::Any)?;
    }
    Ok(text.to_owned())
}
