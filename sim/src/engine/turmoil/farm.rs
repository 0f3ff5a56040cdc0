//! The clients' hosts: each carries many clients, since the cost of turmoil grows with the cube of its hosts.

use std::io;
use std::net::IpAddr;

use socketio08::client::Client;
use socketio08_tokio::{CarrierLimits, ClientDriver, Connecting, Connections, Connector, DriverConfig};
use tokio::io::AsyncWriteExt;
use tokio::task::spawn_local;
use tokio::time::sleep_until;
use turmoil::net::TcpStream;

use crate::scenario::{self, Scenario};
use crate::trace::{ClientId, TraceHandle};
use crate::world::application::{MemberApplication, client_config};
use crate::world::population::Member;
use crate::world::seed::Seed;

use super::dial::Dialer;
use super::origin::Origin;
use super::pace::Pace;

/// Connections of all clients at once: the balancer has 64,512 ports towards the servers, and turmoil ends the process when a host has
/// none left.
const CONNECTIONS_MAX: usize = 60_000;

/// What a farm needs to know.
#[derive(Clone)]
pub(super) struct Site {
    /// The scenario.
    pub(super) scenario: Scenario,
    /// The seed of the run.
    pub(super) seed: Seed,
    /// The clients that live here.
    pub(super) members: Vec<Member>,
    /// The address of the balancer.
    pub(super) balancer: IpAddr,
    /// Where the clients' events go.
    pub(super) trace: TraceHandle,
    /// The pace of time.
    pub(super) pace: Pace,
}

/// A farm's software: runs until its host does.
pub(super) async fn run(site: Site) -> turmoil::Result {
    let clock = site.pace.clock();
    for member in &site.members {
        sleep_until(clock.to_tokio(socketio08::Instant::ZERO + member.arrives)).await;
        spawn_local(arrive(site.clone(), *member));
    }
    std::future::pending().await
}

async fn arrive(site: Site, member: Member) {
    let client = ClientId(member.index);
    let clients = usize::try_from(site.scenario.clients.count).unwrap_or(usize::MAX);
    let share = CONNECTIONS_MAX / clients.max(1);
    let allowed = member.sort(&site.scenario).connections_max;
    let connections_max = share.min(allowed.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX));
    let config = DriverConfig::new("balancer")
        .connections(match member.sort(&site.scenario).connections {
            scenario::Connections::KeepAlive => Connections::KeepAlive,
            scenario::Connections::PerRequest => Connections::PerRequest,
        })
        .reuse_while_handling(false)
        .limits(CarrierLimits::default().client_connections_max(connections_max.max(1)))
        .clock(site.pace.clock());
    let connector = Road {
        origin: Origin { client, address: member.address },
        balancer: site.balancer,
        dialer: Dialer::new(site.scenario.network.latency, config.clock),
    };
    let application = MemberApplication::new(&site.scenario, &member, site.seed, site.trace);
    let machine = Client::new(client_config(member.sort(&site.scenario), client));
    ClientDriver::new(config, machine, connector, application).0.run().await;
}

/// Connects one client to the balancer.
struct Road {
    origin: Origin,
    balancer: IpAddr,
    dialer: Dialer,
}

impl Connector for Road {
    type Io = TcpStream;

    fn connect(&self) -> Connecting<TcpStream> {
        let (line, balancer, dialer) = (self.origin.line(), self.balancer, self.dialer);
        // A task of its own, which goes on when the client gives up.
        let connecting = tokio::spawn(async move {
            let mut stream = dialer.connect(balancer).await?;
            stream.write_all(line.as_bytes()).await?;
            Ok(stream)
        });
        Box::pin(async move { connecting.await.map_err(io::Error::other)? })
    }
}
