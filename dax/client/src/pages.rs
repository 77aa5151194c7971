//! Reading a `Query` or a `Scan` to its end.

use std::collections::HashMap;
use std::vec;

use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::scan::{ScanInput, ScanOutput};
use aws_sdk_dynamodb::types::AttributeValue;

use crate::connector::BoxFuture;
use crate::sealed::Sealed;
use crate::{Client, DynamoDb, Error, Method};

type Item = HashMap<String, AttributeValue>;

impl Client {
    /// The pages of a query, one request each.
    ///
    /// ```no_run
    /// # async fn example(client: dax_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use aws_sdk_dynamodb::operation::query::QueryInput;
    /// use aws_sdk_dynamodb::types::AttributeValue;
    ///
    /// let input = QueryInput::builder()
    ///     .table_name("visits")
    ///     .key_condition_expression("id = :id")
    ///     .expression_attribute_values(":id", AttributeValue::S("k3".to_owned()))
    ///     .build()?;
    /// let mut items = client.query_pages(input).page_size(100).items();
    /// while let Some(item) = items.next().await {
    ///     println!("{:?}", item?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query_pages(&self, input: QueryInput) -> Pages<Self, QueryInput> {
        Pages::new(self.clone(), input)
    }

    /// The pages of a scan, one request each. For a parallel scan, make one of these for each segment.
    pub fn scan_pages(&self, input: ScanInput) -> Pages<Self, ScanInput> {
        Pages::new(self.clone(), input)
    }
}

/// The pages of a [`QueryInput`] or [`ScanInput`], from its `ExclusiveStartKey` (if it has one) to the end.
///
/// The pages are read one after the other, when [`next`](Self::next) is called. `D` is anything that makes calls: a
/// [`Client`], an `Arc<dyn DynamoDb>`, a reference to one of them. It is an owner if `D` is, so that it can be moved into a task.
///
/// There is no `Stream`, because a stream would have to keep the pending call in an allocation. Where one is wanted,
/// `futures_util` makes it in one line:
///
/// ```
/// # use aws_sdk_dynamodb::operation::scan::ScanInput;
/// # use dax_client::{DynamoDb, Pages};
/// use futures_util::{Stream, stream};
///
/// # fn example<D: DynamoDb>(pages: Pages<D, ScanInput>) -> impl Stream {
/// let items = stream::unfold(pages.items(), async |mut items| Some((items.next().await?, items)));
/// # items
/// # }
/// ```
#[derive(Debug)]
#[must_use = "no page is read before `next` is called"]
pub struct Pages<D, I> {
    db: D,
    /// The request for the next page.
    input: I,
    /// Whether there is no next page, or no way to get it.
    ended: bool,
}

impl<D: DynamoDb, I: PagedInput> Pages<D, I> {
    /// Pages of `input`, read through `db`.
    pub fn new(db: D, input: I) -> Self {
        Self { db, input, ended: false }
    }

    /// At most this many items are read for a page, before the filter: the input's `Limit`. Without it, a page is what
    /// DynamoDB reads at once, up to 1 MB.
    pub fn page_size(mut self, items: i32) -> Self {
        self.input.set_limit(items);
        self
    }

    /// The next page; `None` after the last one and after an error.
    ///
    /// A page may be empty although others follow, if a filter is set. If this future is dropped, the next call reads the
    /// same page.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::NoProgress`] after a page whose `LastEvaluatedKey` is where it began, instead of reading
    /// it again for ever. [`next_key`](Self::next_key) tells where to go on later.
    pub async fn next(&mut self) -> Option<Result<I::Output, Error>> {
        if self.ended {
            return None;
        }
        let page = self.input.clone().fetch(&self.db).await.and_then(|page| {
            let end = I::last_key(&page);
            let stuck = end.is_some() && end == self.input.start();
            if stuck { Err(Error::NoProgress { method: I::METHOD }) } else { Ok(page) }
        });
        match &page {
            Ok(page) => {
                let end = I::last_key(page).cloned();
                self.ended = end.is_none();
                self.input.set_start(end);
            }
            Err(_) => self.ended = true,
        }
        Some(page)
    }

    /// Where the next page begins: the `ExclusiveStartKey` of a later query or scan. `None` before the first page of an
    /// input without one, and after the last page. After an error it is the beginning of the page that could not be read.
    pub fn next_key(&self) -> Option<&HashMap<String, AttributeValue>> {
        self.input.start()
    }

    /// The items of all pages.
    pub fn items(self) -> Items<D, I> {
        Items { pages: self, page: Vec::new().into_iter() }
    }
}

/// The items of all pages of a [`Pages`].
#[derive(Debug)]
#[must_use = "no page is read before `next` is called"]
pub struct Items<D, I> {
    pages: Pages<D, I>,
    /// What is left of the present page.
    page: vec::IntoIter<Item>,
}

impl<D: DynamoDb, I: PagedInput> Items<D, I> {
    /// The next item; `None` after the last one and after an error.
    ///
    /// # Errors
    /// See [`Pages::next`].
    pub async fn next(&mut self) -> Option<Result<HashMap<String, AttributeValue>, Error>> {
        loop {
            if let Some(item) = self.page.next() {
                return Some(Ok(item));
            }
            match self.pages.next().await? {
                Ok(page) => self.page = I::items(page).into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// All items that are left, in memory.
    ///
    /// # Errors
    /// The first error; the items before it are lost.
    pub async fn try_collect(mut self) -> Result<Vec<HashMap<String, AttributeValue>>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            all.push(item?);
        }
        Ok(all)
    }
}

/// An input whose output comes in pages: [`QueryInput`] and [`ScanInput`].
pub trait PagedInput: Sealed + Clone + Send + Sync {
    /// A page: [`QueryOutput`] or [`ScanOutput`].
    type Output: Send;
    #[doc(hidden)]
    const METHOD: Method;
    #[doc(hidden)]
    fn fetch<D: DynamoDb>(self, db: &D) -> BoxFuture<'_, Result<Self::Output, Error>>;
    #[doc(hidden)]
    fn set_limit(&mut self, items: i32);
    #[doc(hidden)]
    fn start(&self) -> Option<&Item>;
    #[doc(hidden)]
    fn set_start(&mut self, key: Option<Item>);
    #[doc(hidden)]
    fn last_key(page: &Self::Output) -> Option<&Item>;
    #[doc(hidden)]
    fn items(page: Self::Output) -> Vec<Item>;
}

macro_rules! paged {
    ($input:ident $output:ident $method:ident $name:ident) => {
        impl Sealed for $input {}

        impl PagedInput for $input {
            type Output = $output;
            const METHOD: Method = Method::$name;

            fn fetch<D: DynamoDb>(self, db: &D) -> BoxFuture<'_, Result<$output, Error>> {
                db.$method(self)
            }

            fn set_limit(&mut self, items: i32) {
                self.limit = Some(items);
            }

            fn start(&self) -> Option<&Item> {
                self.exclusive_start_key.as_ref()
            }

            fn set_start(&mut self, key: Option<Item>) {
                self.exclusive_start_key = key;
            }

            fn last_key(page: &$output) -> Option<&Item> {
                page.last_evaluated_key.as_ref()
            }

            fn items(page: $output) -> Vec<Item> {
                page.items.unwrap_or_default()
            }
        }
    };
}

paged!(QueryInput QueryOutput query Query);
paged!(ScanInput ScanOutput scan Scan);
