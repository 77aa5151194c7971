//! The operations that the functions need from the store of links.
//!
//! One trait per capability, and one type per right: [`DaxReader`](crate::DaxReader) and
//! [`DynamoDbReader`](crate::DynamoDbReader) only read, [`DaxStore`](crate::DaxStore) and
//! [`DynamoDbStore`](crate::DynamoDbStore) also write.

mod batch;
pub(crate) mod clicks;
pub(crate) mod client;
pub(crate) mod counts;
pub(crate) mod dax;
pub(crate) mod dynamodb;
pub(crate) mod hosts;
pub(crate) mod keys;
pub(crate) mod list;
mod requests;
pub(crate) mod salts;
pub(crate) mod search;

use std::{error::Error, future::Future};

use crate::{
    Link, Slug, Timestamp,
    item::{self, Item, ItemError},
};

/// How recent a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// From a cache or a replica: fast, may lag behind.
    Cached,
    /// From the table's leader: sees every write that was acknowledged before.
    Strong,
}

/// Reads links.
pub trait LinkReader: Send + Sync {
    /// The link of that slug, if there is one.
    fn read(&self, slug: &Slug, freshness: Freshness) -> impl Future<Output = Result<Found, StoreError>> + Send;
}

/// The result of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The link, if there is one.
    pub link: Option<Link>,
    /// Where it was read.
    pub source: Source,
}

/// Where a link was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The DAX cluster, from its cache or through it from the table.
    Dax,
    /// The table.
    DynamoDb,
}

/// Writes links.
pub trait LinkWriter: LinkReader {
    /// Stores a new link unless its slug is taken. Never changes an existing link.
    fn create(&self, link: &Link) -> impl Future<Output = Result<Put, StoreError>> + Send;

    /// Replaces `before` with `after`, unless the link is no longer at the version of `before`.
    ///
    /// `after` has the same slug and a higher version. When the outcome of the first attempt is unknown and it is
    /// repeated, [`Change::Outdated`] may be the result of a change that has happened: a strong read shows which.
    fn update(&self, before: &Link, after: &Link) -> impl Future<Output = Result<Change, StoreError>> + Send;
}

/// Lists links.
pub trait LinkLister: Send + Sync {
    /// At most `limit` links, after a position that an earlier page of the same list ended with.
    ///
    /// An owner's list is newest first, and may lack a link that was created a moment ago; the links that are listed are
    /// as the table has them now. The list of all links is in no order that means anything, and lacks none.
    fn list(
        &self,
        whose: Whose<'_>,
        limit: usize,
        after: Option<&Position>,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;
}

/// Whose links to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// Those of one owner. Links of the AWS sample, which have no owner in the table, are in no such list.
    Owner(&'a str),
    /// All links in the table.
    Everyone,
}

/// A part of a list.
#[derive(Debug, Default)]
pub struct Page {
    /// The links, in the order of the list.
    pub links: Vec<Link>,
    /// Where the next page begins, if there is one.
    pub next: Option<Position>,
    /// Items in between that are not links. One of them must not hide all others.
    pub malformed: Vec<StoreError>,
}

/// A place in a list: that of an entry, which need not be there any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// When the link there was created. The list of all links has no use for it.
    pub created_at: Timestamp,
    /// Its key in the table, which is a slug unless another program put it there.
    pub key: String,
}

impl Position {
    /// The place of a link.
    pub fn of(link: &Link) -> Self {
        let created_at = link.created_at.unwrap_or(Timestamp::from_unix_seconds(0));
        Self { created_at, key: link.slug.to_string() }
    }
}

/// The outcome of a conditional put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is stored.
    Stored,
    /// The key is taken; nothing was changed.
    Taken,
}

/// The outcome of a conditional update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is stored.
    Stored,
    /// The link has another version, or is gone; nothing was changed.
    Outdated,
}

/// A store that did not respond, or holds something else than a link.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store could not be reached, refused, or took too long. A write may or may not have happened.
    #[error("{operation} failed")]
    Unavailable {
        /// The store's name for the operation.
        operation: &'static str,
        /// What happened.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The table was not made for this service, and links cannot be listed by owner. All else works.
    #[error("the table has no index \"{}\"", item::OWNER_INDEX)]
    NoOwnerIndex,
    /// The stored item is not a link.
    #[error("the item of \"{slug}\" is not a link")]
    Malformed {
        /// Its key.
        slug: Slug,
        /// What is wrong with it.
        source: ItemError,
    },
}

impl StoreError {
    /// Turns the error of an operation into [`Unavailable`](Self::Unavailable).
    pub(crate) fn unavailable<E: Error + Send + Sync + 'static>(operation: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Unavailable { operation, source: Box::new(error) }
    }
}

impl Found {
    /// What a store returned for `slug`.
    fn new(slug: &Slug, item: Option<Item>, source: Source) -> Result<Self, StoreError> {
        match item.map(item::to_link).transpose() {
            Ok(link) => Ok(Self { link, source }),
            Err(source) => Err(StoreError::Malformed { slug: slug.clone(), source }),
        }
    }
}
