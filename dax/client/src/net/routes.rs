//! The nodes of the cluster as last announced, and which of them takes a call.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use dax_protocol::Access;
use dax_protocol::Role;

use super::context::Context;
use super::node::Node;
use crate::codec::control;
use crate::config::{AddressFamily, ReadRouting};

/// One roster. Replaced as a whole; calls under way keep the one they started with.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    pub(crate) nodes: Vec<Routed>,
    /// With [`ReadRouting::StayConnected`] the node, as announced, that reads go to.
    pub(crate) home: Option<SocketAddr>,
}

/// A node and what this roster says about it.
#[derive(Debug, Clone)]
pub(crate) struct Routed {
    pub(crate) node: Arc<Node>,
    pub(crate) role: Role,
    pub(crate) zone: String,
}

impl Routes {
    /// The routes after `roster`: nodes that stay keep their connections, those no longer announced are dropped with
    /// theirs as soon as no call uses them. `discovered` is the address that gave the roster, if it was found by name.
    pub(crate) fn updated(
        &self,
        roster: &[control::Member],
        discovered: Option<SocketAddr>,
        context: &Context,
    ) -> Self {
        let nodes: Vec<_> = filtered(roster, context.config.address_family)
            .map(|announced| {
                let address = SocketAddr::new(announced.address, announced.port);
                let node = self.find(address).unwrap_or_else(|| Arc::new(Node::new(context, address)));
                Routed { node, role: announced.role, zone: announced.availability_zone.clone() }
            })
            .collect();
        let mut routes = Self { nodes, home: None };
        if context.config.read_routing == ReadRouting::StayConnected {
            routes.home = self.home.filter(|home| routes.find(*home).is_some()).or_else(|| {
                let discovered = routes.nodes.iter().find(|known| Some(known.node.endpoint()) == discovered);
                let any = || context.with_rng(|rng| rng.choice(&routes.nodes));
                Some(discovered.or_else(any)?.node.announced)
            });
        }
        self.report_changes(&routes);
        routes
    }

    fn find(&self, announced: SocketAddr) -> Option<Arc<Node>> {
        self.nodes.iter().find(|known| known.node.announced == announced).map(|known| Arc::clone(&known.node))
    }

    fn report_changes(&self, next: &Self) {
        for known in &self.nodes {
            if next.find(known.node.announced).is_none() {
                tracing::info!(dax.node = %known.node.announced, "DAX node left the cluster");
            }
        }
        for routed in &next.nodes {
            let before = self.nodes.iter().find(|known| known.node.announced == routed.node.announced);
            match before {
                None => {
                    tracing::info!(dax.node = %routed.node.announced, dax.role = ?routed.role, dax.zone = %routed.zone, "DAX node joined the cluster");
                }
                Some(before) if before.role != routed.role => {
                    tracing::info!(dax.node = %routed.node.announced, dax.role = ?routed.role, "DAX node changed its role");
                }
                Some(_) => {}
            }
        }
    }

    pub(crate) fn has_leader(&self) -> bool {
        self.nodes.iter().any(|routed| routed.role == Role::Leader)
    }

    /// The node for a call: the leader for a write, else a random one that fits best.
    ///
    /// Preferences give way in this order: zone or role, not the node that just failed, not evicted. So a call finds
    /// a node as long as the roster has one; an evicted node only when all are (fail open).
    pub(crate) fn choose(
        &self,
        access: Access,
        reads: &ReadRouting,
        avoid: Option<&Arc<Node>>,
        context: &Context,
    ) -> Option<Arc<Node>> {
        let prober = matches!(context.config.refresh, crate::Refresh::Background(_));
        let score = |routed: &Routed| {
            let fresh = avoid.is_none_or(|failed| !Arc::ptr_eq(failed, &routed.node));
            // Each weight exceeds the sum of those below it, so a wish only gives way to a stronger one. The 1 lets a
            // node that fulfils none still win over no node at all.
            1 + ROUTED * u8::from(routed.node.is_routed(prober))
                + FRESH * u8::from(fresh)
                + PREFERRED * u8::from(self.prefers(routed, access, reads))
        };
        let (mut best, mut best_score, mut ties) = (None, 0, 0);
        for routed in &self.nodes {
            let score = score(routed);
            ties = if score > best_score { 1 } else { ties + usize::from(score == best_score) };
            // Each of n equals ends up chosen with probability 1/n.
            let takes = score > best_score || score == best_score && context.with_rng(|rng| rng.usize(..ties)) == 0;
            if takes {
                (best, best_score) = (Some(routed), score);
            }
        }
        best.map(|routed| Arc::clone(&routed.node))
    }

    fn prefers(&self, routed: &Routed, access: Access, reads: &ReadRouting) -> bool {
        match (access, reads) {
            (Access::Read, ReadRouting::AnyNode) => true,
            (Access::Read, ReadRouting::PreferZone(zone)) => routed.zone == *zone,
            (Access::Read, ReadRouting::StayConnected) => match self.home {
                Some(home) => home == routed.node.announced,
                // Of a client that stays with none.
                None => routed.node.open_connections() > 0,
            },
            _ => routed.role == Role::Leader,
        }
    }
}

/// What counts for a node: it is not evicted, did not just fail, and is of the preferred role or zone.
const ROUTED: u8 = 8;
const FRESH: u8 = 4;
const PREFERRED: u8 = 2;

/// The announced nodes whose address is of the wanted family.
fn filtered(roster: &[control::Member], family: AddressFamily) -> impl Iterator<Item = &control::Member> {
    let any_v4 = roster.iter().any(|node| node.address.is_ipv4());
    roster.iter().filter(move |node| wanted(node.address, family, any_v4))
}

/// Whether an address is of the wanted family; `any_v4`: whether the cluster has an IPv4 address at all.
pub(crate) fn wanted(address: IpAddr, family: AddressFamily, any_v4: bool) -> bool {
    match family {
        AddressFamily::Ipv4 => address.is_ipv4(),
        AddressFamily::Ipv6 => address.is_ipv6(),
        AddressFamily::Any => address.is_ipv4() == any_v4,
    }
}
