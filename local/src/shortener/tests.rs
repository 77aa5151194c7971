//! The deployed template, as the local stack reads it.

use super::settings::Auth;
use super::variables::{WRITER, template_parameters};
use template::Api;

#[test]
fn the_deployed_template_routes_to_both_functions() {
    for auth in [Auth::None, Auth::ApiKey] {
        let api = Api::read(template::DEPLOYED, &template_parameters(auth)).unwrap();
        let leads_to = |key: &str| {
            let route = api.routes.iter().find(|route| route.key == key);
            route.map(|route| route.integration.function.as_str())
        };
        assert_eq!(leads_to("GET /{id+}"), Some("Redirector"), "{auth:?}");
        assert_eq!(leads_to("HEAD /{id+}"), Some("Redirector"), "{auth:?}");
        assert_eq!(leads_to("POST /"), Some(WRITER), "{auth:?}");
    }
}
