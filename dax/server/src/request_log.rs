//! A line for each request, for whoever wants to watch.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use dax_protocol::Method;

/// Where finished requests are reported.
#[derive(Clone)]
pub struct RequestLog(Arc<dyn Fn(&RequestRecord) + Send + Sync>);

/// A request that was answered. There are no keys, values or messages in it.
///
/// It is displayed as one line:
///
/// ```text
/// time=2026-11-26T20:15:04.217Z node=0 operation=GetItem tables=links cache=hit ms=0.08
/// time=2026-11-26T20:15:04.301Z node=1 operation=BatchGetItem tables=links,users cache=3/25 ms=4.20
/// time=2026-11-26T20:15:05.990Z node=0 operation=PutItem tables=links cache=- ms=1.07 error=ConditionalCheckFailedException
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestRecord {
    /// When it was answered.
    pub time: SystemTime,
    /// Position of the node in the cluster, from 0.
    pub node: usize,
    /// What was asked for.
    pub method: Method,
    /// Tables that it was about, in the order of the request.
    pub tables: Vec<String>,
    /// Items, or pages of results, that were in the cache.
    pub hits: u32,
    /// Items, or pages of results, that DynamoDB was asked for.
    pub misses: u32,
    /// From the last byte of the request to the answer, injected delays included.
    pub duration: Duration,
    /// Name of the error that was answered, or what a fault rule did instead of an answer.
    pub error: Option<String>,
}

/// What is learnt about a request while it is carried out.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    hits: AtomicU32,
    misses: AtomicU32,
    error: OnceLock<String>,
}

impl RequestLog {
    /// Calls this function with each request that was answered. It should not block.
    pub fn new(report: impl Fn(&RequestRecord) + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    pub(crate) fn report(&self, record: &RequestRecord) {
        (self.0)(record);
    }
}

impl fmt::Debug for RequestLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestLog").finish_non_exhaustive()
    }
}

impl Notes {
    pub(crate) fn looked_up(&self, hit: bool) {
        if hit { &self.hits } else { &self.misses }.fetch_add(1, Relaxed);
    }

    pub(crate) fn failed(&self, error: &str) {
        // The first error is the one that is answered.
        _ = self.error.set(error.to_owned());
    }

    pub(crate) fn finish(self, node: usize, method: Method, tables: Vec<String>, duration: Duration) -> RequestRecord {
        let (hits, misses) = (self.hits.into_inner(), self.misses.into_inner());
        #[expect(clippy::disallowed_methods, reason = "people compare it with the lines of other programs")]
        let time = SystemTime::now();
        RequestRecord { time, node, method, tables, hits, misses, duration, error: self.error.into_inner() }
    }
}

impl fmt::Display for RequestRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, node, method, tables, hits, misses, duration, error } = self;
        if let Ok(time) = jiff::Timestamp::try_from(*time) {
            write!(f, "time={time:.3} ")?;
        }
        write!(f, "node={node} operation={method} tables=")?;
        match tables.as_slice() {
            [] => f.write_str("-")?,
            tables => write!(f, "{}", tables.join(",").escape_debug())?,
        }
        match (hits, misses) {
            (0, 0) => f.write_str(" cache=-")?,
            (_, 0) => f.write_str(" cache=hit")?,
            (0, _) => f.write_str(" cache=miss")?,
            (hits, misses) => write!(f, " cache={hits}/{}", hits.saturating_add(*misses))?,
        }
        write!(f, " ms={:.2}", duration.as_secs_f64() * 1000.0)?;
        match error {
            Some(error) => write!(f, " error={}", error.escape_debug()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line() {
        let check = |tables: &[&str], hits, misses, error: Option<&str>, expected: &str| {
            let tables = tables.iter().map(|table| (*table).to_owned()).collect();
            let (node, method, duration) = (1, Method::GetItem, Duration::from_micros(1234));
            let error = error.map(str::to_owned);
            let time = SystemTime::UNIX_EPOCH + Duration::from_micros(1_200);
            let record = RequestRecord { time, node, method, tables, hits, misses, duration, error };
            assert_eq!(
                record.to_string(),
                format!("time=1970-01-01T00:00:00.001Z node=1 operation=GetItem {expected}")
            );
        };
        check(&["links"], 1, 0, None, "tables=links cache=hit ms=1.23");
        check(&["a", "b"], 1, 2, None, "tables=a,b cache=1/3 ms=1.23");
        check(&["a\nb"], 0, 1, Some("X\n"), "tables=a\\nb cache=miss ms=1.23 error=X\\n");
        check(&[], 0, 0, None, "tables=- cache=- ms=1.23");
    }
}
