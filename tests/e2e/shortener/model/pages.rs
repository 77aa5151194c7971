//! Lists, page by page.

use super::{
    exchange::Exchange,
    link::rfc3339,
    reference::{Difference, Told},
};

impl Exchange<'_, '_> {
    pub(super) async fn list(&mut self, limit: usize, pages: usize) -> Result<(), Difference> {
        let owner = self.driver.model.callers[self.caller].owner.clone();
        let (mut cursor, mut seen, mut is_whole) = (String::new(), Vec::<(String, String)>::new(), false);
        for _ in 0..pages {
            let path = format!("/api/v1/links?limit={limit}{cursor}");
            let (reply, window) = self.call("GET", &path, &[], String::new()).await;
            let told = self.told(&reply, window);
            if told.is_unknown() {
                return Ok(());
            }
            let links = told.body["links"].as_array().ok_or("there should be a page")?;
            for link in links {
                let text = |name: &str| link[name].as_str().unwrap_or_default().to_owned();
                let (slug, created_at) = (text("slug"), text("created_at"));
                if text("owner") != owner {
                    return Err(format!("{slug} is another owner's"));
                }
                if seen.iter().any(|(other, _)| *other == slug) {
                    return Err(format!("{slug} is listed twice"));
                }
                if seen.last().is_some_and(|(_, earlier)| *earlier < created_at) {
                    return Err(format!("{slug} is newer than the one before"));
                }
                let one = Told { status: 200, body: link.clone(), reply: None, is_disturbed: told.is_disturbed };
                let result = self.driver.model.seen(&slug, window, &one);
                result.map_err(|difference| {
                    self.slugs.push(slug.clone());
                    format!("{slug}: {difference}")
                })?;
                seen.push((slug, created_at));
            }
            let next = told.body["next_cursor"].as_str();
            if reply.header("link").is_some() != next.is_some() || links.len() > limit {
                return Err("the page, its cursor and its Link should fit together".to_owned());
            }
            let Some(next) = next else {
                is_whole = true;
                break;
            };
            if links.len() < limit {
                return Err("a page with a next one should be full".to_owned());
            }
            cursor = format!("&cursor={next}");
        }
        let last = seen.last().map(|(_, created_at)| created_at.clone());
        let slots = self.driver.model.slots.iter().filter(|(_, slot)| slot.is_certain());
        let owned = slots.filter(|(_, slot)| slot.link().is_some_and(|link| link.owner == owner));
        let missing = owned.map(|(slug, slot)| (slug, slot.created_at())).find(|(slug, created_at)| {
            let is_newer = created_at.map(rfc3339) > last;
            (is_whole || is_newer && last.is_some()) && !seen.iter().any(|(other, _)| other == *slug)
        });
        let missing = missing.map(|(slug, _)| slug.clone());
        self.slugs.extend(missing.clone());
        missing.map_or(Ok(()), |slug| Err(format!("{slug} should be listed")))
    }
}
