//! Checks from the file itself whether an executable can run on `provided.al2023`.

use anyhow::{Context as _, Result, bail};
use object::Endianness;
use object::elf::{EM_AARCH64, EM_X86_64, FileHeader64};
use object::read::elf::FileHeader as _;

/// The C library of Amazon Linux 2023.
///
/// Source: AL2023 release notes, package glibc-2.34.
const GLIBC: (u32, u32) = (2, 34);

/// Architectures of Lambda, under their names in CloudFormation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    /// `x86_64`
    X86,
    /// `arm64`
    Arm,
}

impl Architecture {
    /// Reads the template's parameter `Architecture`.
    pub(crate) fn from_parameter(value: &str) -> Self {
        if value == "arm64" { Self::Arm } else { Self::X86 }
    }

    /// Whether this machine can build for it without cross-compiling.
    pub(crate) fn is_host(self) -> bool {
        cfg!(target_os = "linux") && (self == Self::Arm) == cfg!(target_arch = "aarch64")
    }
}

/// Refuses an executable for another architecture, or one that needs a newer C library.
///
/// Returns the newest glibc version it needs; `None` for a static executable.
///
/// # Errors
/// Says what is wrong and how to build a suitable executable.
pub(crate) fn check(executable: &[u8], expected: Architecture) -> Result<Option<(u32, u32)>> {
    let header = FileHeader64::<Endianness>::parse(executable).context("not a 64-bit ELF executable")?;
    let endian = header.endian().context("unknown byte order")?;
    let found = match header.e_machine(endian) {
        EM_X86_64 => Architecture::X86,
        EM_AARCH64 => Architecture::Arm,
        other => bail!("built for machine {other:#x}, which Lambda does not support"),
    };
    if found != expected {
        bail!("built for {found:?}, but the stage's Architecture is {expected:?}");
    }
    let newest = newest_glibc(executable, header, endian)?;
    if let Some((major, minor)) = newest.filter(|newest| *newest > GLIBC) {
        bail!(
            "needs glibc {major}.{minor}, but provided.al2023 has {}.{}: build on an older Linux, or run `cargo lambda build` \
             and use its output with --binaries target/lambda",
            GLIBC.0,
            GLIBC.1,
        );
    }
    Ok(newest)
}

fn newest_glibc(data: &[u8], header: &FileHeader64<Endianness>, endian: Endianness) -> Result<Option<(u32, u32)>> {
    let sections = header.sections(endian, data).context("broken section table")?;
    let Some((mut files, link)) = sections.gnu_verneed(endian, data).context("broken version table")? else {
        return Ok(None);
    };
    let strings = sections.strings(endian, data, link).context("broken string table")?;
    let mut newest = None;
    while let Some((_, mut versions)) = files.next().context("broken version table")? {
        while let Some(version) = versions.next().context("broken version table")? {
            let name = version.name(endian, strings).context("broken version name")?;
            newest = newest.max(glibc_version(name));
        }
    }
    Ok(newest)
}

/// Major and minor of `GLIBC_2.34` or `GLIBC_2.2.5`; `None` for other names.
fn glibc_version(name: &[u8]) -> Option<(u32, u32)> {
    let mut parts = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(glibc_version(b"GLIBC_2.34"), Some((2, 34)));
        assert_eq!(glibc_version(b"GLIBC_2.2.5"), Some((2, 2)));
        assert_eq!(glibc_version(b"GCC_3.0"), None);
        assert_eq!(glibc_version(b"GLIBC_PRIVATE"), None);
        assert!(glibc_version(b"GLIBC_2.4") < glibc_version(b"GLIBC_2.34"));
    }

    #[test]
    fn other_files_are_refused() {
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF"] {
            assert!(check(bytes, Architecture::X86).is_err());
        }
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn this_executable_is_for_this_architecture_only() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(newest(&own).is_some());
        let error = check(&own, Architecture::Arm).unwrap_err();
        assert!(error.to_string().contains("the stage's Architecture"), "{error}");
    }

    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn newest(data: &[u8]) -> Option<(u32, u32)> {
        let header = FileHeader64::<Endianness>::parse(data).unwrap();
        newest_glibc(data, header, header.endian().unwrap()).unwrap()
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn a_newer_c_library_is_refused_with_advice() {
        let mut own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let needed = own.windows(10).position(|window| window == b"GLIBC_2.34").unwrap();
        own[needed + 9] = b'9';
        let error = check(&own, Architecture::X86).unwrap_err().to_string();
        assert!(error.contains("needs glibc 2.39") && error.contains("cargo lambda build"), "{error}");
    }
}
