//! Clicks: which of them a request asks for, their numbers in any time zone, and sums over all time.
//!
//! The table counts by half hours and days in UTC. What is made of them here is exact to the half hour; visitors and
//! breakdowns are of whole days in UTC.

pub(crate) mod range;
pub(crate) mod series;
pub(crate) mod sum;
mod zone;
