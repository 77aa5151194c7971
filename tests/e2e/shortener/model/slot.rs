//! What may be stored under one slug, and which versions redirectors may still serve.
//!
//! Usually one state is possible. A write that gets 503 may or may not have happened, and may still happen while nothing
//! else changes the link. So what is known is a forest: its roots are the states that were possible when the link was last
//! seen, and the children of a state are those into which writes of unknown outcome would turn it. The next response that
//! only some of them allow decides.

use super::{link::Link, reference::Window};

/// Lines of history that a difference shows.
const LINES: usize = 14;

/// Nothing, or a link.
pub(super) type State = Option<Link>;

#[derive(Debug, Clone)]
struct Node {
    state: State,
    parent: Option<usize>,
    since: i64,
}

/// One slug.
#[derive(Debug)]
pub(super) struct Slot {
    nodes: Vec<Node>,
    /// Earlier versions, and the millisecond until which each may be served.
    past: Vec<(Link, i64)>,
    /// Until when absence may be served.
    absent_until: i64,
    log: Vec<String>,
}

impl Default for Slot {
    fn default() -> Self {
        let nothing = Node { state: None, parent: None, since: 0 };
        Self { nodes: vec![nothing], past: Vec::new(), absent_until: 0, log: Vec::new() }
    }
}

impl Slot {
    /// All possible states, numbered.
    pub(super) fn possible(&self) -> impl Iterator<Item = (usize, &State)> {
        self.nodes.iter().map(|node| &node.state).enumerate()
    }

    /// Whether a link certainly exists.
    pub(super) fn is_certain(&self) -> bool {
        self.nodes.iter().all(|node| node.state.is_some())
    }

    /// A link that may exist.
    pub(super) fn link(&self) -> Option<&Link> {
        self.nodes.iter().rev().find_map(|node| node.state.as_ref())
    }

    /// The earliest time at which the link was created.
    pub(super) fn created_at(&self) -> Option<i64> {
        let links = self.nodes.iter().filter_map(|node| node.state.as_ref());
        links.map(|link| link.created_at).min()
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn note(&mut self, line: String) {
        if self.log.len() == LINES {
            self.log.remove(0);
        }
        self.log.push(line);
    }

    pub(super) fn log(&self) -> &[String] {
        &self.log
    }

    /// A write that may have turned the possible state `base` into `next`.
    pub(super) fn perhaps(&mut self, base: usize, next: State, now: i64) {
        let is_known = self.nodes[base].state == next
            || self.nodes.iter().any(|node| node.parent == Some(base) && node.state == next);
        if !is_known {
            let parent = Some(base);
            self.nodes.push(Node { state: next, parent, since: now });
        }
    }

    /// Keeps only these possibilities: the number of a state, and the state that it has become.
    pub(super) fn decide(&mut self, outcomes: Vec<(usize, State)>, window: Window, bound: i64) {
        let mut nodes = Vec::new();
        for (base, next) in outcomes {
            let stays = self.nodes[base].state == next;
            let mut before = Some(base).filter(|_| !stays).or(self.nodes[base].parent);
            let gone = next.as_ref().map_or(0, |link| link.visible_by(bound, window.end / 1_000) * 1_000);
            while let Some(earlier) = before {
                if let Some(link) = self.nodes[earlier].state.clone() {
                    self.past.push((link, gone));
                }
                before = self.nodes[earlier].parent;
            }
            if stays {
                self.keep(base, None, window.late_before, &mut nodes);
            } else if !nodes.iter().any(|node: &Node| node.state == next) {
                nodes.push(Node { state: next, parent: None, since: window.end });
            }
        }
        self.nodes = nodes;
        self.past.retain(|(_, gone)| *gone >= window.start);
    }

    /// Copies a state with its children.
    fn keep(&self, number: usize, parent: Option<usize>, late_before: i64, nodes: &mut Vec<Node>) {
        let node = Node { parent, ..self.nodes[number].clone() };
        if parent.is_some() && node.since < late_before
            || nodes.iter().any(|kept| kept.parent == parent && kept.state == node.state)
        {
            return;
        }
        nodes.push(node);
        let copy = nodes.len() - 1;
        for (child, node) in self.nodes.iter().enumerate() {
            if node.parent == Some(number) {
                self.keep(child, Some(copy), late_before, nodes);
            }
        }
    }

    /// The versions that redirectors may use at `start`, in milliseconds.
    pub(super) fn served(&self, start: i64) -> Vec<Option<&Link>> {
        let mut served: Vec<_> = self.nodes.iter().map(|node| node.state.as_ref()).collect();
        let past = self.past.iter().filter(|(_, gone)| *gone >= start);
        served.extend(past.map(|(link, _)| Some(link)));
        if self.absent_until >= start {
            served.push(None);
        }
        served
    }

    /// A redirector has just found nothing, and may repeat that for two more seconds, whatever happens to the slug.
    pub(super) fn not_found(&mut self, end: i64) {
        if self.nodes.iter().any(|node| node.state.is_none()) {
            self.absent_until = end + 2_000;
        }
    }

    /// Whether redirectors may serve one version only.
    pub(super) fn is_settled(&self, now: i64) -> bool {
        self.nodes.len() == 1
            && (!self.is_certain() || self.absent_until < now)
            && self.past.iter().all(|(_, gone)| *gone < now)
    }
}
