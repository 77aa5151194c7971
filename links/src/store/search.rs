//! Searching a list: reading it page by page until enough links are found or enough was read.

use super::{LinkLister, Page, Position, StoreError, Whose, list::MAX_PAGE, list::MAX_SCAN};
use crate::{Filter, Link, Timestamp};

/// Most links of an owner that one search reads: five batches.
const MAX_READ_OF_OWNER: usize = 5 * MAX_PAGE;
/// Most items of the table that one search reads: five scans, each of which reads at most 1 MB.
const MAX_READ_OF_ALL: usize = 5 * MAX_SCAN;

/// Where a search ends, at the latest.
#[derive(Debug)]
pub struct SearchLimits<L> {
    /// Most links to find.
    pub found: usize,
    /// Whether the search has no time for another read. Asked after each read, so one always happens.
    pub is_over: L,
}

/// Searches a list for the links that `filter` shows at `now`, from a position that an earlier search of the same list
/// with the same filter ended with.
///
/// It reads a bounded number of links. The page may therefore be short or empty and still have a next one. Without a
/// filter, it is one page of the list. Links that count as never created are left out.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn search<S: LinkLister, L: Fn() -> bool>(
    store: &S,
    whose: Whose<'_>,
    filter: &Filter,
    now: Timestamp,
    limits: SearchLimits<L>,
    after: Option<&Position>,
) -> Result<Page, StoreError> {
    let (batch, budget) = match whose {
        _ if filter.is_empty() => (limits.found, limits.found),
        Whose::Owner(_) => (MAX_PAGE, MAX_READ_OF_OWNER),
        Whose::Everyone => (MAX_SCAN, MAX_READ_OF_ALL),
    };
    let mut found = Page { next: after.cloned(), ..Page::default() };
    let mut read = 0;
    loop {
        let page = store.list(whose, batch, found.next.as_ref()).await?;
        found.malformed.extend(page.malformed);
        found.next = page.next;
        let is_shown = |link: &Link| !link.is_forgotten(now) && filter.shows(link, now);
        for link in page.links.into_iter().filter(is_shown) {
            if found.links.len() == limits.found {
                // The next page begins after the last link of this one.
                found.next = found.links.last().map(Position::of);
                return Ok(found);
            }
            found.links.push(link);
        }
        read += batch;
        if found.next.is_none() || found.links.len() == limits.found || read >= budget || (limits.is_over)() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TargetRules, TargetUrl, Words};
    use std::sync::atomic::{AtomicUsize, Ordering};

    const NOW: Timestamp = Timestamp::from_unix_seconds(10_000);

    /// Links with the numbers from `0` to `count`, the highest first. Every tenth has the note `ten`.
    struct Numbers {
        count: u64,
        reads: AtomicUsize,
    }

    impl LinkLister for Numbers {
        async fn list(&self, _: Whose<'_>, limit: usize, after: Option<&Position>) -> Result<Page, StoreError> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            let end = after.map_or(self.count, |position| position.created_at.unix_seconds());
            let links: Vec<_> = (0..end).rev().take(limit).map(link).collect();
            let next = links.last().map(Position::of).filter(|last| last.created_at.unix_seconds() > 0);
            Ok(Page { links, next, malformed: Vec::new() })
        }
    }

    fn link(number: u64) -> Link {
        let target = TargetUrl::parse("https://example.com/", &TargetRules::default()).unwrap();
        let slug = format!("link-{number}").parse().unwrap();
        let mut link = Link::new(slug, &target, "ann", Timestamp::from_unix_seconds(number));
        link.note = number.is_multiple_of(10).then(|| "ten".to_owned());
        link
    }

    /// The sizes of all pages, the numbers of all links, and how often the list was read.
    fn all(count: u64, found: usize, words: &str, is_over: fn() -> bool) -> (Vec<usize>, Vec<u64>, usize) {
        let store = Numbers { count, reads: AtomicUsize::new(0) };
        let filter = Filter { words: Words::of(words), ..Filter::default() };
        let (mut sizes, mut numbers, mut after) = (Vec::new(), Vec::new(), None);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        loop {
            let limits = SearchLimits { found, is_over };
            let search = search(&store, Whose::Owner("ann"), &filter, NOW, limits, after.as_ref());
            let page = runtime.block_on(search).unwrap();
            sizes.push(page.links.len());
            numbers.extend(page.links.iter().map(|link| link.created_at.unwrap().unix_seconds()));
            after = page.next;
            if after.is_none() {
                return (sizes, numbers, store.reads.into_inner());
            }
        }
    }

    #[test]
    fn every_link_is_found_once_with_bounded_work_a_page() {
        let check = |count: u64, found: usize, words: &str, sizes: &[usize], reads: usize| {
            let (actual, numbers, actual_reads) = all(count, found, words, || false);
            let step = if words == "ten" { 10 } else { 1 };
            let expected: Vec<_> =
                (0..count).filter(|number| number.is_multiple_of(step) && words != "none").rev().collect();
            assert_eq!((numbers, actual_reads), (expected, reads), "{count} {found} {words}");
            assert_eq!(actual, sizes, "{count} {found} {words}");
        };
        // No filter: one read a page.
        check(250, 100, "", &[100, 100, 50], 3);
        check(0, 100, "", &[0], 1);
        // A page that is full ends early, and the next goes on within the batch.
        check(1_000, 7, "ten", &[7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 2], 15);
        check(1_000, 10, "ten", &[10; 10], 10);
        // A page that reads its fill is short.
        check(1_000, 100, "ten", &[50, 50], 10);
        check(1_200, 100, "none", &[0, 0, 0], 12);
        check(500, 100, "none", &[0], 5);
    }

    #[test]
    fn a_search_without_time_reads_once_a_page() {
        let (sizes, numbers, reads) = all(1_000, 100, "ten", || true);
        assert_eq!((sizes.len(), numbers.len(), reads), (10, 100, 10));
    }
}
