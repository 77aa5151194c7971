//! Numbers that two functions must agree on: what one enforces, the other announces to callers.

use std::time::Duration;

/// How long a redirector believes that a link does not exist. The writer announces it: a link may stay invisible for
/// this long after it was created.
pub const ABSENCE_TTL: Duration = Duration::from_secs(2);
/// How long a redirector serves a link from its cache unless `CACHE_TTL_SECONDS` says otherwise. The writer announces
/// it: a change may stay invisible for this long.
pub const DEFAULT_CACHE_TTL: Duration = Duration::from_secs(10);
