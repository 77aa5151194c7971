//! The deployed template, as the local stack reads it.

use template::Api;

use super::settings::Auth;
use super::variables::{REDIRECTOR, WRITER, template_parameters};
#[test]
fn the_deployed_template_routes_to_both_functions() {
    for auth in [Auth::None, Auth::ApiKey] {
        let api = Api::read(template::DEPLOYED, &template_parameters(auth, &[])).unwrap();
        let leads_to = |key: &str| {
            let route = api.routes.iter().find(|route| route.key == key);
            route.map(|route| route.integration.function.as_str())
        };
        assert_eq!(leads_to("GET /{id+}"), Some(REDIRECTOR), "{auth:?}");
        assert_eq!(leads_to("HEAD /{id+}"), Some(REDIRECTOR), "{auth:?}");
        assert_eq!(leads_to("POST /"), Some(WRITER), "{auth:?}");
    }
}
