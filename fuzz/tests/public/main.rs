//! The targets that need nothing private of a package.

mod dax_client;
mod number;
mod session;
mod target_url;

mod targets {
    use crate::{dax_client, number, session, target_url};

    #[test]
    fn cbor() {
        fuzz::run("cbor", dax_client::cbor);
    }

    #[test]
    fn response() {
        fuzz::run("response", dax_client::response);
    }

    #[test]
    fn expression() {
        fuzz::run("expression", dax_client::expression);
    }

    #[test]
    fn session() {
        fuzz::run("session", session::talk);
    }

    #[test]
    fn number() {
        fuzz::run("number", number::number);
    }

    #[test]
    fn target_url() {
        fuzz::run("target_url", target_url::target_url);
    }
}
