//! The deployed template, as the local stack reads it.

use template::{Api, Destination};

use super::settings::{Auth, Clicks};
use super::variables::{CLICKS, REDIRECTOR, WRITER, template_parameters};

fn api(auth: Auth, clicks: Clicks) -> Api {
    Api::read(template::DEPLOYED, &template_parameters(auth, clicks, &[])).unwrap()
}

#[test]
fn the_deployed_template_routes_to_both_functions() {
    for auth in [Auth::None, Auth::ApiKey] {
        let api = api(auth, Clicks::None);
        let leads_to = |key: &str| {
            let route = api.routes.iter().find(|route| route.key == key);
            route.map(|route| route.integration.function.as_str())
        };
        assert_eq!(leads_to("GET /{id+}"), Some(REDIRECTOR), "{auth:?}");
        assert_eq!(leads_to("HEAD /{id+}"), Some(REDIRECTOR), "{auth:?}");
        assert_eq!(leads_to("POST /"), Some(WRITER), "{auth:?}");
    }
}

#[test]
fn the_deployed_template_delivers_the_redirectors_clicks() {
    let deliveries = |clicks| api(Auth::None, clicks).deliveries;
    let stream = deliveries(Clicks::Stream);
    let [subscription] = stream.subscriptions.as_slice() else { panic!("{stream:?}") };
    let Destination::Stream(name) = &subscription.destination else { panic!("{stream:?}") };
    let [source] = stream.event_sources.as_slice() else { panic!("{stream:?}") };
    assert_eq!((&*subscription.function, &*subscription.pattern), (REDIRECTOR, "click"));
    assert_eq!((&source.stream, &*source.function), (name, CLICKS));
    assert!(stream.streams.iter().any(|found| found.id == *name), "{stream:?}");

    let direct = deliveries(Clicks::Direct);
    let [subscription] = direct.subscriptions.as_slice() else { panic!("{direct:?}") };
    assert_eq!(subscription.destination, Destination::Function(CLICKS.to_owned()));
    assert!(direct.streams.is_empty() && direct.event_sources.is_empty(), "{direct:?}");

    assert!(deliveries(Clicks::None).subscriptions.is_empty());
    assert!(!api(Auth::None, Clicks::None).functions.iter().any(|function| function.id == CLICKS));
}
