//! What holds however many callers write at once, and whatever fails meanwhile.

mod collisions;
mod creators;
mod editors;
mod failover;
