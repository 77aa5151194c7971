//! The outer layer of every answer: an empty error array and a body, or an error.

use dax_protocol::Method;
use dax_protocol::cbor::{Reader, Result};

use super::DecodeStop;
use crate::error::{RawReason, ServerError};

/// Reads a whole answer to `method`: an error, or the body by `read_body`. Bytes after it are malformed.
pub(crate) fn read<'a, T>(
    method: Method,
    input: &'a [u8],
    read_body: impl FnOnce(&mut Reader<'a>) -> std::result::Result<T, DecodeStop>,
) -> std::result::Result<T, DecodeStop> {
    let mut reader = Reader::new(input);
    let codes = read_codes(&mut reader)?;
    if codes.is_empty() {
        let body = read_body(&mut reader)?;
        reader.end()?;
        return Ok(body);
    }
    let error = read_error(method, codes, &mut reader)?;
    reader.end()?;
    Err(DecodeStop::Server(Box::new(error)))
}

fn read_codes(reader: &mut Reader<'_>) -> Result<Vec<i64>> {
    let mut items = reader.array()?;
    let mut codes = Vec::new();
    while items.next(reader)? {
        codes.push(reader.int()?);
    }
    Ok(codes)
}

fn read_error(method: Method, codes: Vec<i64>, reader: &mut Reader<'_>) -> Result<ServerError> {
    let mut error = ServerError::new(method, codes, optional_text(reader)?.unwrap_or_default());
    if reader.null()? {
        return Ok(error);
    }
    let wrong = reader.malformed("error details have three or four elements");
    let mut details = reader.array()?;
    details.expect(reader, wrong)?;
    error.request_id = optional_text(reader)?;
    details.expect(reader, wrong)?;
    error.code_text = optional_text(reader)?;
    details.expect(reader, wrong)?;
    if !reader.null()? {
        error.http_status = u16::try_from(reader.uint()?).ok();
    }
    if details.next(reader)? {
        error.raw_reasons = read_reasons(reader)?;
        details.expect_end(reader, wrong)?;
    }
    Ok(error)
}

fn read_reasons(reader: &mut Reader<'_>) -> Result<Vec<RawReason>> {
    let mut reasons = Vec::new();
    if reader.null()? {
        return Ok(reasons);
    }
    let wrong = reader.malformed("cancellation reasons come in threes");
    let mut items = reader.array()?;
    while items.next(reader)? {
        let code = optional_text(reader)?;
        items.expect(reader, wrong)?;
        let message = optional_text(reader)?;
        items.expect(reader, wrong)?;
        let item = if reader.null()? { None } else { Some(reader.bytes()?.into_owned()) };
        reasons.push(RawReason { code, message, item });
    }
    Ok(reasons)
}

fn optional_text(reader: &mut Reader<'_>) -> Result<Option<String>> {
    if reader.null()? { Ok(None) } else { Ok(Some(reader.text()?.into_owned())) }
}
