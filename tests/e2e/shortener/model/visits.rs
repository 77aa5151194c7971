//! What visitors get.

use e2e::Reply;

use super::{
    driver::now,
    exchange::{Exchange, problem},
    link::{Link, Visit},
    reference::{Difference, Window},
};

impl Exchange<'_, '_> {
    /// Whether there is no response because a redirector was killed.
    fn is_dead(&self, reply: &Reply, window: Window) -> bool {
        matches!(reply.status.as_u16(), 500 | 502)
            && problem(reply).is_empty()
            && self.driver.faults.disturb(window.start)
    }

    async fn visit(&mut self, path: &str) -> (Reply, Window) {
        let start = now();
        let reply = self.driver.client.call("GET", path, &[("accept", "application/json")], "").await;
        let window = self.driver.faults.window(start);
        let text = String::from_utf8_lossy(&reply.body);
        self.seen = format!("{} {:?} {text}", reply.status.as_u16(), reply.header("location"));
        (reply, window)
    }

    pub(super) async fn follow(&mut self, slug: &str, query: &str) -> Result<(), Difference> {
        let separator = if query.is_empty() { "" } else { "?" };
        let (reply, window) = self.visit(&format!("/{slug}{separator}{query}")).await;
        self.slugs.push(slug.to_owned());
        if self.is_dead(&reply, window) {
            return Ok(());
        }
        let visit = self.visited(&reply);
        self.served(slug, window, &visit, |link, now| {
            link.map_or_else(|| Visit::problem(404, "not-found"), |link| link.visit(query, now))
        })
    }

    fn visited(&self, reply: &Reply) -> Visit {
        Visit {
            status: reply.status.as_u16(),
            location: reply.header("location").map(str::to_owned),
            cache_control: reply.header("cache-control").unwrap_or_default().to_owned(),
            problem: problem(reply),
        }
    }

    pub(super) async fn preview(&mut self, slug: &str) -> Result<(), Difference> {
        let (reply, window) = self.visit(&format!("/{slug}+")).await;
        self.slugs.push(slug.to_owned());
        if self.is_dead(&reply, window) {
            return Ok(());
        }
        let told = match reply.status.as_u16() {
            200 => Ok(reply.json()),
            _ => Err(self.visited(&reply)),
        };
        self.served(slug, window, &told, |link, now| match link {
            None => Err(Visit::problem(404, "not-found")),
            Some(link) => link.preview("", now),
        })
    }

    /// Compares what a visitor gets with all versions that redirectors may still use.
    fn served<T: PartialEq + std::fmt::Debug>(
        &mut self,
        slug: &str,
        window: Window,
        told: &T,
        rule: impl Fn(Option<&Link>, i64) -> T,
    ) -> Result<(), Difference> {
        let is_absence = self.seen.starts_with("404");
        let slot = self.driver.model.slot(slug);
        let served = slot.served(window.start);
        let expected: Vec<T> = served.iter().flat_map(|link| window.seconds().map(|now| rule(*link, now))).collect();
        if !expected.contains(told) {
            return Err(format!("{told:?} should be one of {expected:#?}\nout of {served:#?}"));
        }
        if is_absence {
            slot.not_found(window.end);
        }
        Ok(())
    }
}
