//! Cluster endpoint URLs: `dax://host[:port]`, `daxs://host[:port]` and the older `host:port`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The discovery endpoint of a cluster: where the first connection goes, and the name its certificate must carry.
///
/// | written as | meaning |
/// | --- | --- |
/// | `dax://host[:port]` | plain TCP, port 8111 unless given |
/// | `daxs://host[:port]` | TLS, port 9111 unless given |
/// | `host:port` | the same as `dax://host:port` |
///
/// IPv6 addresses are written in brackets. A path or query after the host is ignored, as the official clients do.
///
/// ```
/// use dax_client::{Endpoint, Scheme};
///
/// let endpoint: Endpoint = "daxs://my-cluster.l6fzcv.dax-clusters.us-east-1.amazonaws.com".parse()?;
/// assert_eq!((endpoint.scheme(), endpoint.port()), (Scheme::Daxs, 9111));
/// # Ok::<(), dax_client::EndpointError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    scheme: Scheme,
    host: String,
    port: u16,
}

impl Endpoint {
    /// Plain TCP or TLS.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host name or IP literal, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(Scheme::parse(scheme)?), rest),
            None => (None, text),
        };
        if scheme.is_none() && ["dax:/", "daxs:/"].iter().any(|start| rest.starts_with(start)) {
            return Err(Problem::Slashes);
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains(',') {
            return Err(Problem::List);
        }
        let (host, port) = split_port(authority)?;
        check_host(host)?;
        let port = match (port, scheme) {
            (Some(port), _) => parse_port(port)?,
            (None, Some(scheme)) => scheme.default_port(),
            // As in the official Go and JavaScript clients: without a scheme only the port distinguishes an endpoint from a typo.
            (None, None) => return Err(Problem::NoPort),
        };
        Ok(Self { scheme: scheme.unwrap_or(Scheme::Dax), host: host.to_owned(), port })
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.trim()).map_err(|problem| EndpointError { input: text.to_owned(), problem })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = self;
        if host.contains(':') { write!(f, "{scheme}://[{host}]:{port}") } else { write!(f, "{scheme}://{host}:{port}") }
    }
}

/// How bytes travel to the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// `dax://`: plain TCP.
    Dax,
    /// `daxs://`: TLS, for clusters with encryption in transit.
    Daxs,
}

impl Scheme {
    fn parse(text: &str) -> Result<Self, Problem> {
        match text.to_ascii_lowercase().as_str() {
            "dax" => Ok(Self::Dax),
            "daxs" => Ok(Self::Daxs),
            _ => Err(Problem::Scheme),
        }
    }

    /// The port a cluster of this kind listens on: 8111 or 9111.
    #[must_use]
    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Dax => 8111,
            Self::Daxs => 9111,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dax => "dax",
            Self::Daxs => "daxs",
        })
    }
}

/// Text that is not an endpoint, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid DAX endpoint {input:?}: {problem}")]
pub struct EndpointError {
    input: String,
    problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("the scheme must be dax or daxs")]
    Scheme,
    #[error("two slashes follow the scheme: dax://host")]
    Slashes,
    #[error("it is a list; give one endpoint here, and each further one to Config::endpoint")]
    List,
    #[error("without a scheme a port is needed (host:8111), or write dax://host")]
    NoPort,
    #[error("the port must be a number from 1 to 65535")]
    Port,
    #[error("the host is missing")]
    NoHost,
    #[error("the host contains a character that no host name has")]
    Host,
    #[error("an IPv6 address must be in brackets and well formed")]
    Ipv6,
}

/// Splits `host[:port]` or `[v6][:port]`.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), Problem> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(Problem::Ipv6)?;
        host.parse::<Ipv6Addr>().map_err(|_not_v6| Problem::Ipv6)?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err(Problem::Ipv6),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => Err(Problem::Ipv6),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

fn check_host(host: &str) -> Result<(), Problem> {
    if host.is_empty() {
        return Err(Problem::NoHost);
    }
    let named = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if named || host.parse::<IpAddr>().is_ok() { Ok(()) } else { Err(Problem::Host) }
}

fn parse_port(text: &str) -> Result<u16, Problem> {
    match text.parse() {
        Ok(port) if port > 0 && text.bytes().all(|b| b.is_ascii_digit()) => Ok(port),
        _ => Err(Problem::Port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: Result<&str, Problem>) {
        let got = Endpoint::parse(input).map(|endpoint| endpoint.to_string());
        assert_eq!(got.as_deref().map_err(|problem| *problem), expected, "{input}");
    }

    #[test]
    fn forms() {
        check("dax://cluster.example", Ok("dax://cluster.example:8111"));
        check("daxs://cluster.example", Ok("daxs://cluster.example:9111"));
        check("DAX://cluster.example:1", Ok("dax://cluster.example:1"));
        check("dax://cluster.example:8111/path?query", Ok("dax://cluster.example:8111"));
        check("cluster.example:8111", Ok("dax://cluster.example:8111"));
        check("127.0.0.1:18211", Ok("dax://127.0.0.1:18211"));
        check("dax://[::1]:7000", Ok("dax://[::1]:7000"));
        check("daxs://[fe80::1]", Ok("daxs://[fe80::1]:9111"));
        check("cluster.example", Err(Problem::NoPort));
        check("dax:/cluster.example", Err(Problem::Slashes));
        check("daxs:/cluster.example:9111", Err(Problem::Slashes));
        check("https://cluster.example", Err(Problem::Scheme));
        check("dax://", Err(Problem::NoHost));
        check(":8111", Err(Problem::NoHost));
        check("dax://host:", Err(Problem::Port));
        check("dax://host:0", Err(Problem::Port));
        check("dax://host:+1", Err(Problem::Port));
        check("dax://host:65536", Err(Problem::Port));
        check("dax://user@host:1", Err(Problem::Host));
        check("dax://a:8111,dax://b:8111", Err(Problem::List));
        check("a:8111,b:8111", Err(Problem::List));
        check("dax://::1", Err(Problem::Ipv6));
        check("dax://[::1", Err(Problem::Ipv6));
        check("dax://[host]:1", Err(Problem::Ipv6));
        check("dax://[::1]x", Err(Problem::Ipv6));
    }

    #[test]
    fn errors_name_the_input_and_the_remedy() {
        let error = "cluster.example".parse::<Endpoint>().unwrap_err().to_string();
        assert!(error.contains("\"cluster.example\"") && error.contains("dax://host"), "{error}");
    }
}
