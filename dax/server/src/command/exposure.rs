//! What the options open to other machines.

use std::net::IpAddr;

/// One warning for each thing that somebody else on the network could do.
pub(super) fn warnings(listen: IpAddr, http_listen: IpAddr, is_checked: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if !listen.is_loopback() && !is_checked {
        warnings.push(format!(
            "everybody who reaches {listen} can read and write all items; with --secret-file, clients have to sign"
        ));
    }
    if !http_listen.is_loopback() {
        warnings.push(format!(
            "everybody who reaches {http_listen} can control the cluster and use the embedded DynamoDB; \
             nothing is checked there but the name in Host"
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_to_other_machines_is_said() {
        let check = |listen: &str, http_listen: &str, is_checked, expected: &[&str]| {
            let warnings = warnings(listen.parse().unwrap(), http_listen.parse().unwrap(), is_checked);
            assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
            for (warning, expected) in warnings.iter().zip(expected) {
                assert!(warning.contains(expected), "{warning}");
            }
        };
        check("127.0.0.1", "127.0.0.1", false, &[]);
        check("127.0.0.2", "::1", false, &[]);
        check("0.0.0.0", "127.0.0.1", false, &["reaches 0.0.0.0 can read and write"]);
        check("::", "127.0.0.1", true, &[]);
        check("127.0.0.1", "10.0.0.5", true, &["reaches 10.0.0.5 can control"]);
        check("0.0.0.0", "0.0.0.0", false, &["read and write", "control"]);
    }
}
