//! `GET /api/v1/links/{slug}/qr`: the pictures are read back by a decoder that is not the writer's.

use rqrr::PreparedImage;
use serde_json::json;

use super::caller::{refused, wish};
use crate::shortener::redirect::site::in_both_modes;

/// The text in a QR code; `is_dark` tells its pixels.
fn decoded(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
    let mut image = PreparedImage::prepare_from_bitmap(side, side, is_dark);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "codes in the picture");
    let (_, text) = grids[0].decode().expect("a readable code");
    text
}

/// The side and the text of a PNG.
fn of_png(file: &[u8]) -> (usize, String) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let frame = reader.next_frame(&mut pixels).expect("a picture");
    assert_eq!(frame.width, frame.height);
    let side = usize::try_from(frame.width).expect("a size");
    let text = decoded(side, |x, y| pixels[y * frame.line_size + x] < 128);
    (side, text)
}

/// The text of an SVG that draws a path of unit squares.
fn of_svg(svg: &str) -> String {
    let between = |start: &str, end: &str| {
        let (_, rest) = svg.split_once(start).expect("a start");
        rest.split_once(end).expect("an end").0.to_owned()
    };
    let view = between("viewBox=\"0 0 ", " ");
    let side: usize = view.parse().expect("a number");
    let path = between("<path d=\"", "\"");
    let mut dark = vec![false; side * side];
    for square in path.split('M').skip(1) {
        let at = square.strip_suffix("h1v1h-1z").expect("a unit square");
        let (x, y) = at.split_once(' ').expect("a point");
        let [x, y]: [usize; 2] = [x, y].map(|number| number.parse().expect("a number"));
        dark[y * side + x] = true;
    }
    let scale = 8;
    decoded(side * scale, |x, y| dark[y / scale * side + x / scale])
}

#[tokio::test]
async fn the_picture_holds_the_short_url() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let longest = "a".repeat(64);
        for slug in ["launch", &longest] {
            caller.make(&wish(slug, &json!({}))).await;
            let short_url = format!("{}/{slug}", site.stack.url());
            for (query, media_type, side) in [
                ("", "image/svg+xml", 256),
                ("?format=svg&size=2048", "image/svg+xml", 2_048),
                ("?format=png", "image/png", 256),
                ("?format=png&size=128", "image/png", 128),
                ("?size=1001&format=png", "image/png", 1_001),
            ] {
                let reply = caller.get(&format!("/api/v1/links/{slug}/qr{query}")).await;
                assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, Some(media_type)), "{query}");
                let caching = reply.header("cache-control");
                assert_eq!(caching, Some("private, max-age=86400"), "{query}");
                if media_type == "image/png" {
                    assert_eq!(of_png(&reply.body), (side, short_url.clone()), "{query}");
                } else {
                    let size = format!("width=\"{side}\" height=\"{side}\"");
                    assert!(reply.text().contains(&size), "{query}");
                    assert_eq!(of_svg(reply.text()), short_url, "{query}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_picture_that_cannot_be_is_refused() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({}))).await;
        for (query, parameter) in [
            ("format=gif", "format"),
            ("format=", "format"),
            ("size=127", "size"),
            ("size=2049", "size"),
            ("size=big", "size"),
            ("colour=red", "colour"),
        ] {
            let reply = caller.get(&format!("/api/v1/links/launch/qr?{query}")).await;
            refused(&reply, 400, "invalid-parameter", query);
            assert_eq!(reply.json()["parameter"], parameter);
        }
        let reply = caller.get("/api/v1/links/nothing/qr").await;
        refused(&reply, 404, "unknown-link", "nothing");
    })
    .await;
}
