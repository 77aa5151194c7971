//! Control calls: the handshake, authorisation, discovery and the three lookups.

use std::net::IpAddr;
use std::sync::Arc;

use dax_protocol::Role;
use dax_protocol::SERVICE;
use dax_protocol::cbor::{Reader, Result, Writer};
use dax_protocol::field::endpoint as field;
use dax_protocol::handshake;
use dax_protocol::{KeyType, Method};
use tokio::time::Instant;

use super::metadata::write_names;
use super::{DecodeStop, KeyAttribute, KeySchema, Lookup, Metadata};
use crate::codec::answer;

/// Writes the two items that open a request.
pub(crate) fn open(method: Method, writer: &mut Writer<'_>) {
    writer.uint(SERVICE);
    writer.int(i64::from(method.id()));
}

/// Writes the five items that open a connection. The server does not answer them.
pub fn write_handshake(session: &[u8; 16], user_agent: &str, out: &mut Vec<u8>) {
    let mut writer = Writer::new(out);
    writer.text(handshake::MAGIC);
    writer.uint(handshake::LAYERING_NONE);
    writer.bytes(session);
    writer.map(1);
    writer.text(handshake::USER_AGENT);
    writer.text(user_agent);
    writer.uint(handshake::CLIENT_MODE);
}

/// What `authorizeConnection` carries.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Authorization<'a> {
    /// Access key id.
    pub access_key_id: &'a str,
    /// Signature version 4 of the string to sign: 64 lower-case hex digits.
    pub signature: &'a str,
    /// The string that was signed.
    pub string_to_sign: &'a str,
    /// Token of temporary credentials.
    pub session_token: Option<&'a str>,
    /// Who connects.
    pub user_agent: Option<&'a str>,
}

impl<'a> Authorization<'a> {
    /// A proof of identity by `access_key_id`, without token and user agent.
    pub const fn new(access_key_id: &'a str, signature: &'a str, string_to_sign: &'a str) -> Self {
        Self { access_key_id, signature, string_to_sign, session_token: None, user_agent: None }
    }
}

impl std::fmt::Debug for Authorization<'_> {
    /// Shows who, not the proof.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorization").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Writes `authorizeConnection`. The server does not answer it: a failure shows in the answer to the next request.
pub fn write_authorize(authorization: &Authorization<'_>, out: &mut Vec<u8>) {
    let mut writer = Writer::new(out);
    open(Method::AuthorizeConnection, &mut writer);
    writer.text(authorization.access_key_id);
    writer.text(authorization.signature);
    writer.bytes(authorization.string_to_sign.as_bytes());
    for optional in [authorization.session_token, authorization.user_agent] {
        match optional {
            Some(text) => writer.text(text),
            None => writer.null(),
        }
    }
}

/// A node of the cluster, as the cluster describes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Member {
    /// Number of the node.
    pub node: i64,
    /// Host name; not necessarily resolvable.
    pub hostname: String,
    /// Address to connect to.
    pub address: IpAddr,
    /// Port to connect to.
    pub port: u16,
    /// Role.
    pub role: Role,
    /// Name of the availability zone, such as `us-east-1a`.
    pub availability_zone: String,
    /// Number that changes with the leader.
    pub leader_session: i64,
}

/// Writes the call `endpoints`.
pub fn write_endpoints(out: &mut Vec<u8>) {
    open(Method::Endpoints, &mut Writer::new(out));
}

/// Reads the answer to `endpoints`.
///
/// # Errors
/// [`DecodeStop`], but never `Need`.
pub fn read_endpoints(input: &[u8]) -> std::result::Result<Vec<Member>, DecodeStop> {
    answer::read(Method::Endpoints, input, |reader| {
        let mut nodes = reader.array()?;
        let mut endpoints = Vec::with_capacity(nodes.reserve());
        while nodes.next(reader)? {
            endpoints.push(read_member(reader)?);
        }
        Ok(endpoints)
    })
}

fn read_member(reader: &mut Reader<'_>) -> Result<Member> {
    let missing = reader.malformed("endpoint without an address and a port");
    let (mut address, mut port) = (None, None);
    let (mut node, mut role, mut leader_session) = (0, Role::Replica, 0);
    let (mut hostname, mut availability_zone) = (String::new(), String::new());
    let mut fields = reader.map()?;
    while fields.next(reader)? {
        match reader.uint()? {
            field::NODE => node = reader.int()?,
            field::HOSTNAME => hostname = reader.text()?.into_owned(),
            field::ADDRESS => address = Some(read_address(reader)?),
            field::PORT => port = Some(read_port(reader)?),
            field::ROLE => role = Role::from_code(reader.int()?),
            field::AVAILABILITY_ZONE => availability_zone = reader.text()?.into_owned(),
            field::LEADER_SESSION => leader_session = reader.int()?,
            _ => reader.skip()?,
        }
    }
    let (Some(address), Some(port)) = (address, port) else {
        return Err(missing);
    };
    Ok(Member { node, hostname, address, port, role, availability_zone, leader_session })
}

fn read_address(reader: &mut Reader<'_>) -> Result<IpAddr> {
    let wrong = reader.malformed("an address has 4 or 16 bytes");
    let bytes = reader.bytes()?;
    let v4 = <[u8; 4]>::try_from(bytes.as_ref()).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes.as_ref()).map(IpAddr::from)).or(Err(wrong))
}

fn read_port(reader: &mut Reader<'_>) -> Result<u16> {
    let wrong = reader.malformed("port out of range");
    u16::try_from(reader.uint()?).or(Err(wrong))
}

impl Lookup {
    /// The method that answers it.
    pub const fn method(&self) -> Method {
        match self {
            Self::KeySchema { .. } => Method::DefineKeySchema,
            Self::AttributeListId { .. } => Method::DefineAttributeListId,
            Self::AttributeList { .. } => Method::DefineAttributeList,
        }
    }

    /// Appends the request that asks it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        open(self.method(), &mut Writer::new(out));
        match self {
            Self::KeySchema { table } => Writer::new(out).bytes(table.as_bytes()),
            Self::AttributeListId { names } => write_names(names, out),
            Self::AttributeList { id } => Writer::new(out).int(*id),
        }
    }

    /// Reads the answer to it.
    ///
    /// # Errors
    /// [`DecodeStop`], but never `Need`.
    pub fn decode(&self, input: &[u8]) -> std::result::Result<Finding, DecodeStop> {
        answer::read(self.method(), input, |reader| {
            Ok(match self {
                Self::KeySchema { .. } => Finding::KeySchema(read_key_schema(reader)?),
                Self::AttributeListId { .. } => Finding::AttributeListId(reader.int()?),
                Self::AttributeList { .. } => Finding::AttributeList(read_names(reader)?.into()),
            })
        })
    }
}

/// The answer to a [`Lookup`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// Key of the table.
    KeySchema(KeySchema),
    /// Number of the list.
    AttributeListId(i64),
    /// Names in the list.
    AttributeList(Arc<[String]>),
}

impl Metadata {
    /// Remembers the answer to a lookup, which came just now.
    pub fn insert(&mut self, lookup: &Lookup, finding: Finding) {
        match (lookup, finding) {
            (Lookup::KeySchema { table }, Finding::KeySchema(schema)) => {
                self.learn_key_schema(table, schema, Instant::now());
            }
            (Lookup::AttributeListId { names }, Finding::AttributeListId(id)) => {
                self.insert_attribute_list_id(names, id);
            }
            (Lookup::AttributeList { id }, Finding::AttributeList(names)) => {
                self.insert_attribute_list(*id, names);
            }
            // A finding answers another question: there is nothing to learn from it.
            _ => {}
        }
    }

    /// The answer to a lookup, if it is known.
    pub(crate) fn find(&self, lookup: &Lookup) -> Option<Finding> {
        Some(match lookup {
            Lookup::KeySchema { table } => Finding::KeySchema(KeySchema::clone(self.key_schema(table)?)),
            Lookup::AttributeListId { names } => Finding::AttributeListId(self.attribute_list_id(names)?),
            Lookup::AttributeList { id } => Finding::AttributeList(Arc::clone(self.attribute_list(*id)?)),
        })
    }
}

fn read_names(reader: &mut Reader<'_>) -> Result<Vec<String>> {
    let mut items = reader.array()?;
    let mut names = Vec::with_capacity(items.reserve());
    while items.next(reader)? {
        names.push(reader.text()?.into_owned());
    }
    Ok(names)
}

fn read_key_schema(reader: &mut Reader<'_>) -> Result<KeySchema> {
    let wrong = reader.malformed("a key schema has one or two attributes");
    let mut pairs = reader.map()?;
    let (mut hash, mut range) = (None, None);
    while pairs.next(reader)? {
        let attribute = read_key_attribute(reader)?;
        match (&hash, &range) {
            (None, _) => hash = Some(attribute),
            (_, None) => range = Some(attribute),
            _ => return Err(wrong),
        }
    }
    hash.map(|hash| KeySchema::new(hash, range)).ok_or(wrong)
}

fn read_key_attribute(reader: &mut Reader<'_>) -> Result<KeyAttribute> {
    let name = reader.text()?.into_owned();
    let unknown = reader.malformed("unknown type of key attribute");
    let kind = KeyType::from_letter(&reader.text()?).ok_or(unknown)?;
    Ok(KeyAttribute { name, kind })
}
