//! Host and port of a request, as `Host` and an absolute request target carry them.

/// The host of `host[:port]`, in lower case and with the brackets of an IPv6 address; `None` if it is malformed.
pub(crate) fn host(authority: &str) -> Option<String> {
    let (host, port) = match authority.rfind(']') {
        Some(end) => authority.split_at_checked(end + 1)?,
        None => authority.split_at_checked(authority.find(':').unwrap_or(authority.len()))?,
    };
    let is_port = |digits: &str| digits.parse::<u16>().is_ok() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let has_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@' && byte != b'/');
    (has_port && is_host).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_split_into_host_and_port() {
        for (authority, expected) in [
            ("localhost", Some("localhost")),
            ("LocalHost:3000", Some("localhost")),
            ("127.0.0.1:8000", Some("127.0.0.1")),
            ("[::1]", Some("[::1]")),
            ("[::1]:8000", Some("[::1]")),
            ("evil.example:3000", Some("evil.example")),
            ("localhost.:3000", Some("localhost.")),
            ("", None),
            (":3000", None),
            ("localhost:", None),
            ("localhost:+80", None),
            ("localhost:80:80", None),
            ("localhost:99999", None),
            ("localhost@evil.example", None),
            ("evil.example@localhost", None),
            ("localhost evil.example", None),
            ("localhost/evil.example", None),
            ("[::1]evil.example", None),
        ] {
            assert_eq!(host(authority).as_deref(), expected, "{authority}");
        }
    }
}
