//! `GET /api/v1/links/{slug}/qr`: the short URL as a QR code.

use http::header;
use links::{LinkReader, Slug};
use qrcode::{Color, EcLevel, QrCode};

use crate::{
    failure::Failure,
    http::{
        problem::{LinkProblem, Problem},
        query::Query,
        response::Response,
    },
    link::read::read,
};

use super::context::Context;

/// How long a browser may keep the picture, in seconds. The short URL of a link never changes.
const MAX_AGE_SECONDS: u32 = 86_400;

/// Width of the light margin around the code that the standard requires, in modules.
const QUIET_ZONE: usize = 4;

/// Draws the short URL of a link.
pub(super) async fn get<S: LinkReader>(context: &Context<'_, S>, slug: &Slug) -> Result<Response, Failure> {
    let (format, size) = format_and_size(context.request.query())?;
    let link = read(context.store, &context.caller, slug, context.now).await?;
    let picture = picture(&context.short_url(&link), format, size).ok_or(LinkProblem::NoQrCode)?;
    Ok(Response::bytes("qr", format.media_type(), picture)
        .with(header::CACHE_CONTROL, format!("private, max-age={MAX_AGE_SECONDS}"))
        .about(link.slug))
}

fn format_and_size(query: &str) -> Result<(Format, usize), Problem> {
    let mut query = Query::parse(query);
    let format = query.parsed("format", Format::from_name, "svg or png")?.unwrap_or(Format::Svg);
    let size = query.number("size", 256, 128..=2_048, "a number of pixels from 128 to 2048")?;
    query.finish()?;
    Ok((format, size))
}

/// The file format of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Svg,
    Png,
}

impl Format {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "svg" => Some(Self::Svg),
            "png" => Some(Self::Png),
            _ => None,
        }
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
        }
    }
}

/// The modules (light and dark squares) of a code and its quiet zone, row by row.
struct Modules {
    width: usize,
    dark: Vec<bool>,
}

impl Modules {
    /// `None` if a code cannot hold the text.
    fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let inner = code.width();
        let width = inner + 2 * QUIET_ZONE;
        let colors = code.to_colors();
        let is_dark = |x: usize, y: usize| {
            let (x, y) = (x.checked_sub(QUIET_ZONE)?, y.checked_sub(QUIET_ZONE)?);
            (x < inner).then(|| colors.get(y * inner + x).copied())?
        };
        let dark = (0..width * width).map(|index| is_dark(index % width, index / width) == Some(Color::Dark)).collect();
        Some(Self { width, dark })
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        self.dark.get(y * self.width + x).copied().unwrap_or_default()
    }
}

/// The code of a text, `size` pixels wide and high. `None` if a code cannot hold the text.
pub(crate) fn picture(text: &str, format: Format, size: usize) -> Option<Vec<u8>> {
    let modules = Modules::of(text)?;
    match format {
        Format::Svg => Some(svg(&modules, size).into_bytes()),
        Format::Png => png(&modules, size).ok(),
    }
}

fn svg(modules: &Modules, size: usize) -> String {
    let width = modules.width;
    let path: String = (0..width)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .filter(|(x, y)| modules.is_dark(*x, *y))
        .map(|(x, y)| format!("M{x} {y}h1v1h-1z"))
        .collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" \
         viewBox=\"0 0 {width} {width}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{width}v{width}H0z\"/><path d=\"{path}\"/></svg>\n"
    )
}

/// A PNG with one bit per pixel. Modules are a whole number of pixels wide, so all have the same width; the rest is
/// margin.
fn png(modules: &Modules, size: usize) -> Result<Vec<u8>, png::EncodingError> {
    let side = u32::try_from(size).unwrap_or(u32::MAX);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels(modules, size))?;
    writer.finish()?;
    Ok(file)
}

/// Rows of pixels, eight to a byte with the leftmost in the highest bit. A bit is set where a pixel is light.
fn pixels(modules: &Modules, size: usize) -> Vec<u8> {
    let scale = (size / modules.width).max(1);
    let margin = size.saturating_sub(scale * modules.width) / 2;
    let module = |pixel: usize| pixel.checked_sub(margin).map(|pixel| pixel / scale);
    let is_light = |x: usize, y: usize| match (module(x), module(y)) {
        (Some(x), Some(y)) if x < modules.width => !modules.is_dark(x, y),
        _ => true,
    };
    let row = |y: usize| {
        (0..size.div_ceil(8))
            .map(move |byte| (0..8).fold(0_u8, |bits, bit| bits << 1 | u8::from(is_light(8 * byte + bit, y))))
    };
    (0..size).flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_have_the_requested_size() {
        let text = "https://s.example/grqpaeet";
        let svg = picture(text, Format::Svg, 300).unwrap();
        let svg = String::from_utf8(svg).unwrap();
        assert!(svg.starts_with("<svg ") && svg.contains("width=\"300\""), "{svg}");
        for size in [64, 256, 1_001] {
            let file = picture(text, Format::Png, size).unwrap();
            let decoder = png::Decoder::new(std::io::Cursor::new(file));
            let reader = decoder.read_info().unwrap();
            let side = u32::try_from(size).unwrap();
            assert_eq!((reader.info().width, reader.info().height), (side, side));
        }
    }

    #[test]
    fn a_text_that_does_not_fit_has_no_picture() {
        assert!(picture(&"x".repeat(3_000), Format::Svg, 64).is_none());
    }
}
