//! A client of a few lines, which shows what travels.

use dax_protocol::Method;
use dax_protocol::cbor::{Error, Reader, Writer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::desk::{DEADLINE, TABLE};

/// A connection after the handshake.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    received: Vec<u8>,
    /// Id of the attribute list `["v"]`, once known.
    list: Option<u64>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Codes of an error.
    Codes(Vec<i64>),
    /// The connection ended in order.
    Closed,
    /// The connection was cut.
    Reset,
}

type Answer<T> = Result<T, Refusal>;

/// A node in an answer to `endpoints`: port and whether it leads.
pub(crate) type Member = (u16, bool);

impl Peer {
    pub(crate) async fn connect(endpoint: &str) -> Self {
        let address = endpoint.strip_prefix("dax://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut hello = Vec::new();
        let mut writer = Writer::new(&mut hello);
        writer.text("J7yne5G");
        writer.uint(0);
        writer.bytes(&[7; 16]);
        writer.map(1);
        writer.text("UserAgent");
        writer.text("test");
        writer.uint(0);
        stream.write_all(&hello).await.unwrap();
        Self { stream, received: Vec::new(), list: None }
    }

    /// The attribute `v` of an item.
    pub(crate) async fn get(&mut self, id: &str) -> Answer<Option<String>> {
        self.get_with(id, false).await
    }

    pub(crate) async fn get_with(&mut self, id: &str, consistent: bool) -> Answer<Option<String>> {
        self.send(Method::GetItem, |writer| {
            writer.bytes(TABLE.as_bytes());
            writer.bytes(id.as_bytes());
            writer.map(usize::from(consistent));
            if consistent {
                writer.uint(2);
                writer.bool(true);
            }
        })
        .await;
        self.answer(1, |reader| {
            if reader.null()? {
                return Ok(None);
            }
            let mut pairs = reader.map()?;
            assert!(pairs.next(reader)? && reader.uint()? == 0, "an item");
            let item = reader.bytes()?.into_owned();
            assert!(!pairs.next(reader)?, "nothing else");
            Ok(Some(value(&item)))
        })
        .await
    }

    pub(crate) async fn put(&mut self, id: &str, v: &str) -> Answer<()> {
        let item = self.item(v).await;
        self.send(Method::PutItem, |writer| {
            writer.bytes(TABLE.as_bytes());
            writer.bytes(id.as_bytes());
            writer.bytes(&item);
            writer.null();
        })
        .await;
        self.answer(1, |reader| reader.skip()).await
    }

    /// `SET v = <v>`
    pub(crate) async fn update(&mut self, id: &str, v: &str) -> Answer<()> {
        self.send(Method::UpdateItem, |writer| {
            writer.bytes(TABLE.as_bytes());
            writer.bytes(id.as_bytes());
            writer.map(1);
            writer.uint(8);
            nested(writer, |writer| {
                writer.array(3);
                writer.uint(1);
                writer.array(1);
                writer.array(3);
                writer.uint(19);
                path(writer, "v");
                variable(writer);
                writer.array(1);
                writer.text(v);
            });
        })
        .await;
        self.answer(1, |reader| reader.skip()).await
    }

    pub(crate) async fn delete(&mut self, id: &str) -> Answer<()> {
        self.send(Method::DeleteItem, |writer| {
            writer.bytes(TABLE.as_bytes());
            writer.bytes(id.as_bytes());
            writer.null();
        })
        .await;
        self.answer(1, |reader| reader.skip()).await
    }

    /// How many items a query for this key finds.
    pub(crate) async fn count(&mut self, id: &str) -> Answer<u64> {
        self.send(Method::Query, |writer| {
            writer.bytes(TABLE.as_bytes());
            nested(writer, |writer| {
                writer.array(3);
                writer.uint(1);
                writer.array(3);
                writer.uint(0);
                path(writer, "id");
                variable(writer);
                writer.array(1);
                writer.text(id);
            });
            writer.map(1);
            writer.uint(15);
            writer.uint(3);
        })
        .await;
        self.answer(1, |reader| {
            let mut count = 0;
            let mut pairs = reader.map()?;
            while pairs.next(reader)? {
                match reader.uint()? {
                    8 => count = reader.uint()?,
                    _ => reader.skip()?,
                }
            }
            Ok(count)
        })
        .await
    }

    /// How many items a batch finds, and how many keys it leaves.
    pub(crate) async fn batch_get(&mut self, ids: &[&str]) -> Answer<(u64, u64)> {
        self.send(Method::BatchGetItem, |writer| {
            writer.map(1);
            writer.text(TABLE);
            writer.array(3);
            writer.bool(false);
            writer.null();
            writer.array(ids.len());
            ids.iter().for_each(|id| writer.bytes(id.as_bytes()));
            writer.null();
        })
        .await;
        self.answer(2, |reader| {
            reader.array()?;
            let found = rows(reader)? / 2;
            let left = rows(reader)?;
            reader.skip()?;
            Ok((found, left))
        })
        .await
    }

    /// Puts several items at once; returns how many were left.
    pub(crate) async fn batch_put(&mut self, items: &[(&str, &str)]) -> Answer<u64> {
        let mut encoded = Vec::new();
        for (id, v) in items {
            encoded.push((*id, self.item(v).await));
        }
        self.send(Method::BatchWriteItem, |writer| {
            writer.map(1);
            writer.text(TABLE);
            writer.array(2 * encoded.len());
            for (id, item) in &encoded {
                writer.bytes(id.as_bytes());
                writer.bytes(item);
            }
            writer.null();
        })
        .await;
        self.answer(3, |reader| {
            let left = rows(reader)? / 2;
            reader.skip()?;
            reader.skip()?;
            Ok(left)
        })
        .await
    }

    /// Puts in a transaction.
    pub(crate) async fn transact_put(&mut self, id: &str, v: &str) -> Answer<()> {
        let item = self.item(v).await;
        self.send(Method::TransactWriteItems, |writer| {
            writer.array(1);
            writer.uint(2);
            for bytes in [TABLE.as_bytes(), id.as_bytes(), &item] {
                writer.array(1);
                writer.bytes(bytes);
            }
            (0..5).for_each(|_| writer.null());
        })
        .await;
        self.answer(1, |reader| reader.skip()).await
    }

    pub(crate) async fn endpoints(&mut self) -> Answer<Vec<Member>> {
        self.send(Method::Endpoints, |_| {}).await;
        self.answer(1, |reader| {
            let mut members = Vec::new();
            let mut nodes = reader.array()?;
            while nodes.next(reader)? {
                let (mut port, mut leader) = (0, false);
                let mut fields = reader.map()?;
                while fields.next(reader)? {
                    match reader.uint()? {
                        3 => port = u16::try_from(reader.uint()?).unwrap(),
                        4 => leader = reader.uint()? == 1,
                        _ => reader.skip()?,
                    }
                }
                members.push((port, leader));
            }
            Ok(members)
        })
        .await
    }

    /// The id of the list, asked for once: clients keep it.
    async fn item(&mut self, v: &str) -> Vec<u8> {
        if self.list.is_none() {
            self.send(Method::DefineAttributeListId, |writer| {
                writer.array(1);
                writer.text("v");
            })
            .await;
            self.list = Some(self.answer(1, |reader| reader.uint()).await.unwrap());
        }
        let mut item = Vec::new();
        let mut writer = Writer::new(&mut item);
        writer.uint(self.list.unwrap());
        writer.text(v);
        item
    }

    /// Sends a request. Errors show when the answer is read.
    pub(crate) async fn send(&mut self, operation: Method, arguments: impl FnOnce(&mut Writer<'_>)) {
        let mut request = Vec::new();
        let mut writer = Writer::new(&mut request);
        writer.uint(1);
        writer.int(i64::from(operation.id()));
        arguments(&mut writer);
        _ = self.stream.write_all(&request).await;
    }

    /// Reads an answer whose body has this many items.
    pub(crate) async fn answer<T>(
        &mut self,
        items: usize,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, Error>,
    ) -> Answer<T> {
        let end = timeout(DEADLINE, self.receive(items)).await.expect("an answer within the deadline")?;
        let answer: Vec<u8> = self.received.drain(..end).collect();
        let mut reader = Reader::whole(&answer);
        let mut codes = Vec::new();
        let mut array = reader.array().unwrap();
        while array.next(&mut reader).unwrap() {
            codes.push(reader.int().unwrap());
        }
        if !codes.is_empty() {
            return Err(Refusal::Codes(codes));
        }
        let value = read(&mut reader).unwrap();
        reader.end().expect("nothing after the answer");
        Ok(value)
    }

    /// Waits for a whole answer and returns its length.
    async fn receive(&mut self, items: usize) -> Answer<usize> {
        loop {
            if let Some(end) = complete(&self.received, items) {
                return Ok(end);
            }
            match self.stream.read_buf(&mut self.received).await {
                Ok(0) => return Err(Refusal::Closed),
                Ok(_) => {}
                Err(_) => return Err(Refusal::Reset),
            }
        }
    }
}

fn complete(received: &[u8], items: usize) -> Option<usize> {
    let mut reader = Reader::new(received);
    let failed = reader.clone().array().ok()?.announced() != Some(0);
    // An error has a message and details after its codes.
    let after = if failed { 2 } else { items };
    (0..=after).try_for_each(|_| reader.skip()).ok()?;
    Some(reader.position())
}

fn value(item: &[u8]) -> String {
    let mut reader = Reader::whole(item);
    reader.uint().unwrap();
    reader.text().unwrap().into_owned()
}

/// Number of elements of the arrays in a map by table.
fn rows(reader: &mut Reader<'_>) -> Result<u64, Error> {
    let mut rows = 0;
    let mut tables = reader.map()?;
    while tables.next(reader)? {
        reader.skip()?;
        let mut elements = reader.array()?;
        while elements.next(reader)? {
            rows += 1;
            reader.skip()?;
        }
    }
    Ok(rows)
}

fn nested(writer: &mut Writer<'_>, write: impl FnOnce(&mut Writer<'_>)) {
    let done: Result<(), ()> = writer.nested(|writer| {
        write(writer);
        Ok(())
    });
    done.unwrap();
}

fn path(writer: &mut Writer<'_>, name: &str) {
    writer.array(2);
    writer.uint(18);
    writer.text(name);
}

fn variable(writer: &mut Writer<'_>) {
    writer.array(2);
    writer.uint(17);
    writer.uint(0);
}
