//! The words that describe the device of a click, and where it came from. Unknown is no word: an empty text.

/// Names of a fixed set, as logs, tables and the API spell them.
macro_rules! names {
    ($(#[$documentation:meta])* $type:ident { $($(#[$about:meta])* $name:ident = $text:literal,)* }) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type { $($(#[$about])* $name,)* }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The one with that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

names! {
    /// A kind of device.
    Device {
        /// A telephone.
        Mobile = "mobile",
        /// A tablet.
        Tablet = "tablet",
        /// A computer.
        Desktop = "desktop",
    }
}

names! {
    /// An operating system.
    Os {
        /// Android.
        Android = "android",
        /// iOS and iPadOS.
        Ios = "ios",
        /// Windows.
        Windows = "windows",
        /// macOS.
        Macos = "macos",
        /// Linux, except Android and `ChromeOS`.
        Linux = "linux",
        /// `ChromeOS`.
        ChromeOs = "chromeos",
        /// Any other.
        Other = "other",
    }
}

names! {
    /// A browser.
    Browser {
        /// Chrome, and those that say they are Chrome.
        Chrome = "chrome",
        /// Safari.
        Safari = "safari",
        /// Firefox.
        Firefox = "firefox",
        /// Edge.
        Edge = "edge",
        /// Opera.
        Opera = "opera",
        /// Samsung Internet.
        Samsung = "samsung",
        /// Internet Explorer.
        Ie = "ie",
        /// The browser inside another application.
        InApp = "in-app",
        /// Any other.
        Other = "other",
    }
}

/// A country or territory, by its ISO 3166-1 code of two letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// The country with that code, two capital letters. Whether anyone has it is not checked.
    pub const fn from_code(code: &str) -> Option<Self> {
        match code.as_bytes() {
            [first, second] if first.is_ascii_uppercase() && second.is_ascii_uppercase() => {
                Some(Self([*first, *second]))
            }
            _ => None,
        }
    }

    /// Its code.
    pub fn as_str(&self) -> &str {
        // Two letters of ASCII, by construction.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for device in Device::ALL {
            assert_eq!(Device::from_name(device.as_str()), Some(*device));
        }
        for os in Os::ALL {
            assert_eq!(Os::from_name(os.as_str()), Some(*os));
        }
        for browser in Browser::ALL {
            assert_eq!(Browser::from_name(browser.as_str()), Some(*browser));
        }
        assert_eq!((Device::from_name(""), Os::from_name("Ios"), Browser::from_name("lynx")), (None, None, None));
    }

    #[test]
    fn a_country_is_two_capital_letters() {
        assert_eq!(Country::from_code("DE").as_ref().map(Country::as_str), Some("DE"));
        for code in ["", "D", "de", "DEU", "T1", "Ä"] {
            assert_eq!(Country::from_code(code), None, "{code}");
        }
    }
}
