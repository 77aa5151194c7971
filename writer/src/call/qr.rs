//! A short URL as a picture that telephones read.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code, as the standard asks for.
const QUIET_ZONE: usize = 4;

/// How the picture is written.
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

/// The modules of a code with its quiet zone: a square, row by row.
struct Modules {
    width: usize,
    dark: Vec<bool>,
}

impl Modules {
    /// `None` for a text that is longer than a code holds.
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

/// The picture of a text, `size` pixels wide and high. `None` for a text that is longer than a code holds.
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

/// One bit a pixel. Modules have a whole number of pixels, so that none is wider than another; what is left is margin.
fn png(modules: &Modules, size: usize) -> Result<Vec<u8>, png::EncodingError> {
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
    let pixels: Vec<u8> = (0..size).flat_map(row).collect();
    let side = u32::try_from(size).unwrap_or(u32::MAX);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_pictures_have_the_size_that_was_asked_for() {
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
