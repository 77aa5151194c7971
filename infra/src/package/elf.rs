//! Checks from the file itself whether an executable can run on `provided.al2023`.

use anyhow::{Context as _, Result, bail};
use object::Endianness;
use object::elf::{DT_NEEDED, EM_AARCH64, EM_X86_64, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};

/// The C library of Amazon Linux 2023.
///
/// Source: AL2023 release notes, package glibc-2.34.
const GLIBC: (u32, u32) = (2, 34);

/// The libraries of the C library and of the compiler, which the image of `provided.al2023` has.
///
/// Source: packages glibc and libgcc of AL2023, which its minimal container images contain.
const LIBRARIES: [&str; 9] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
];

const WAY_OUT: &str =
    "build in another environment, or run `cargo lambda build` and use its output with --binaries target/lambda";

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

    /// The program that loads a dynamic executable, as the psABI of the architecture says.
    fn loader(self) -> &'static str {
        match self {
            Self::X86 => "/lib64/ld-linux-x86-64.so.2",
            Self::Arm => "/lib/ld-linux-aarch64.so.1",
        }
    }

    /// Whether this machine can build for it without cross-compiling.
    pub(crate) fn is_host(self) -> bool {
        cfg!(target_os = "linux") && (self == Self::Arm) == cfg!(target_arch = "aarch64")
    }
}

/// Refuses an executable for another architecture, and one that needs a newer C library, another loader or other libraries
/// than Lambda has.
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
    check_loader(executable, header, endian, expected)?;
    check_libraries(executable, header, endian)?;
    let newest = newest_glibc(executable, header, endian)?;
    if let Some((major, minor)) = newest.filter(|newest| *newest > GLIBC) {
        bail!(
            "needs glibc {major}.{minor}, but provided.al2023 has {}.{}: {WAY_OUT}, such as an older Linux",
            GLIBC.0,
            GLIBC.1,
        );
    }
    Ok(newest)
}

/// A distribution that keeps every library in a folder of its own, such as NixOS, links to a loader that Lambda lacks.
fn check_loader(
    data: &[u8],
    header: &FileHeader64<Endianness>,
    endian: Endianness,
    expected: Architecture,
) -> Result<()> {
    for segment in header.program_headers(endian, data).context("broken program headers")? {
        let loader = segment.interpreter(endian, data).context("broken name of the loader")?;
        let loader = loader.map(String::from_utf8_lossy);
        if let Some(loader) = loader.filter(|loader| loader != expected.loader()) {
            bail!("is loaded by {loader}, but Lambda has {}: {WAY_OUT}", expected.loader());
        }
    }
    Ok(())
}

fn check_libraries(data: &[u8], header: &FileHeader64<Endianness>, endian: Endianness) -> Result<()> {
    let sections = header.sections(endian, data).context("broken section table")?;
    let Some((entries, link)) = sections.dynamic(endian, data).context("broken dynamic section")? else {
        return Ok(());
    };
    let strings = sections.strings(endian, data, link).context("broken string table")?;
    for entry in entries.iter().filter(|entry| entry.tag32(endian) == Some(DT_NEEDED)) {
        let name = String::from_utf8_lossy(entry.string(endian, strings).context("broken name of a library")?);
        if !LIBRARIES.contains(&&*name) {
            bail!("needs the library {name}, which provided.al2023 does not have: link it statically, or {WAY_OUT}");
        }
    }
    Ok(())
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

    /// This executable with one text of it replaced, the first time it occurs.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn own_with(text: &str, other: &str) -> Vec<u8> {
        let mut own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let place = own.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
        own[place..place + other.len()].copy_from_slice(other.as_bytes());
        own
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn what_lambda_cannot_load_is_refused_with_advice() {
        for (text, other, expected) in [
            ("GLIBC_2.34", "GLIBC_2.39", "needs glibc 2.39"),
            (
                "/lib64/ld-linux-x86-64.so.2\0",
                "/nix/store/9d7c/ld-linux.so\0",
                "is loaded by /nix/store/9d7c/ld-linux.so",
            ),
            ("\0libc.so.6\0", "\0libz.so.1\0", "needs the library libz.so.1"),
        ] {
            let error = check(&own_with(text, other), Architecture::X86).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("cargo lambda build"), "{error}");
        }
    }
}
