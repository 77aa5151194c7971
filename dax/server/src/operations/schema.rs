//! What clients have to know before they can read and write items.

use dax_protocol::{Role, cbor::Writer, field::endpoint as field};

use super::{Call, reply};
use crate::failure::Failure;

impl Call<'_> {
    /// The running nodes: where they are, and which of them leads.
    pub(super) fn endpoints(&self) -> Vec<u8> {
        let mut out = reply::success();
        let mut writer = Writer::new(&mut out);
        let members = self.shared.members(self.reached);
        writer.array(members.len());
        for member in members {
            writer.map(7);
            writer.uint(field::NODE);
            writer.uint(member.id);
            writer.uint(field::HOSTNAME);
            writer.text(&member.host_name);
            writer.uint(field::ADDRESS);
            match member.address.ip() {
                std::net::IpAddr::V4(ip) => writer.bytes(&ip.octets()),
                std::net::IpAddr::V6(ip) => writer.bytes(&ip.octets()),
            }
            writer.uint(field::PORT);
            writer.uint(u64::from(member.address.port()));
            writer.uint(field::ROLE);
            writer.int(if member.leader { Role::Leader } else { Role::Replica }.code());
            writer.uint(field::AVAILABILITY_ZONE);
            writer.text(&member.zone);
            writer.uint(field::LEADER_SESSION);
            writer.uint(member.leader_session);
        }
        out
    }

    pub(super) async fn define_key_schema(&self, table: &str) -> Result<Vec<u8>, Failure> {
        let schema = self.schema(table).await?;
        let mut out = reply::success();
        let mut writer = Writer::new(&mut out);
        writer.map(schema.attributes().count());
        for attribute in schema.attributes() {
            writer.text(&attribute.name);
            writer.text(attribute.kind.letter());
        }
        Ok(out)
    }

    pub(super) fn define_attribute_list_id(&self, names: &[String]) -> Result<Vec<u8>, Failure> {
        let mut out = reply::success();
        Writer::new(&mut out).uint(self.shared.lists.id(names)?);
        Ok(out)
    }

    pub(super) fn define_attribute_list(&self, id: u64) -> Result<Vec<u8>, Failure> {
        let names = self.shared.lists.names(id)?;
        let mut out = reply::success();
        let mut writer = Writer::new(&mut out);
        writer.array(names.len());
        names.iter().for_each(|name| writer.text(name));
        Ok(out)
    }
}
