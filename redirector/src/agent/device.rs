//! The device that a browser runs on, by the words of its agent.
//!
//! Agents pretend to be others: Edge names Chrome and Safari, Chrome names Safari, and Android names Linux. So a word
//! counts only if no word was found that is more particular.

use links::clicks::{Browser, Device, Os};

/// What the words of an agent have said so far.
#[derive(Debug, Default)]
pub(super) struct Words {
    system: Option<System>,
    browser: Option<Browser>,
    is_mobile: bool,
    is_tablet: bool,
    is_television: bool,
}

/// The systems that agents tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Android,
    ChromeOs,
    IPad,
    IPhone,
    Linux,
    Macintosh,
    Other,
    Windows,
}

impl Words {
    /// Takes the next word.
    pub(super) fn note(&mut self, word: &[u8]) {
        match word {
            b"Linux" => self.system = self.system.or(Some(System::Linux)),
            b"Android" => self.system = self.system.filter(|system| *system != System::Linux).or(Some(System::Android)),
            b"Windows" => self.note_system(System::Windows),
            b"Macintosh" => self.note_system(System::Macintosh),
            b"iPhone" | b"iPod" => self.note_system(System::IPhone),
            b"iPad" => self.note_system(System::IPad),
            b"CrOS" => self.note_system(System::ChromeOs),
            b"KAIOS" | b"PlayStation" | b"Tizen" | b"Web0S" | b"webOS" => self.system = Some(System::Other),
            b"Mobile" | b"Mobi" | b"Mini" | b"J2ME" | b"Phone" => self.is_mobile = true,
            b"Tablet" => self.is_tablet = true,
            b"TV" | b"GoogleTV" | b"HbbTV" | b"SmartTV" | b"BRAVIA" => self.is_television = true,
            b"Safari" => self.note_browser(Browser::Safari),
            b"Chrome" | b"Chromium" | b"CriOS" => self.note_browser(Browser::Chrome),
            b"MSIE" | b"Trident" | b"IEMobile" => self.note_browser(Browser::Ie),
            b"Firefox" | b"FxiOS" => self.note_browser(Browser::Firefox),
            b"SamsungBrowser" => self.note_browser(Browser::Samsung),
            b"OPR" | b"OPT" | b"OPX" | b"OPiOS" | b"Opera" | b"Presto" => self.note_browser(Browser::Opera),
            b"Edg" | b"EdgA" | b"EdgiOS" | b"Edge" => self.note_browser(Browser::Edge),
            b"wv" | b"Barcelona" | b"BytedanceWebview" | b"Electron" | b"FBAN" | b"FBAV" | b"GSA" | b"IAB"
            | b"Instagram" | b"KAKAOTALK" | b"Line" | b"LinkedInApp" | b"MicroMessenger" | b"NAVER" | b"Pinterest"
            | b"Snapchat" | b"TikTok" | b"Twitter" | b"musical" => self.note_browser(Browser::InApp),
            b"Ddg" | b"DuckDuckGo" | b"Silk" | b"Vivaldi" | b"Whale" => self.note_browser(Browser::Other),
            [.., b'r'] if word.ends_with(b"rowser") => self.note_browser(Browser::Other),
            _ => {}
        }
    }

    fn note_system(&mut self, system: System) {
        self.system = self.system.or(Some(system));
    }

    fn note_browser(&mut self, browser: Browser) {
        if self.browser.is_none_or(|known| rank(known) < rank(browser)) {
            self.browser = Some(browser);
        }
    }

    /// The kind of device, if it can be told.
    pub(super) fn device(&self) -> Option<Device> {
        match self.system {
            _ if self.is_television => None,
            Some(System::IPad) => Some(Device::Tablet),
            Some(System::Macintosh) if self.is_ipad() => Some(Device::Tablet),
            Some(System::IPhone) => Some(Device::Mobile),
            _ if self.is_mobile => Some(Device::Mobile),
            // Telephones say `Mobile`.
            Some(System::Android) => Some(Device::Tablet),
            // Windows says `Tablet PC` of computers too.
            Some(System::ChromeOs | System::Linux | System::Macintosh | System::Windows) => Some(Device::Desktop),
            Some(System::Other) | None => self.is_tablet.then_some(Device::Tablet),
        }
    }

    /// The operating system.
    pub(super) fn os(&self) -> Os {
        match self.system {
            Some(System::Android) => Os::Android,
            Some(System::ChromeOs) => Os::ChromeOs,
            Some(System::IPad | System::IPhone) => Os::Ios,
            Some(System::Macintosh) if self.is_ipad() => Os::Ios,
            Some(System::Linux) => Os::Linux,
            Some(System::Macintosh) => Os::Macos,
            Some(System::Windows) => Os::Windows,
            Some(System::Other) | None => Os::Other,
        }
    }

    /// The browser.
    pub(super) fn browser(&self) -> Browser {
        match (self.browser, self.os()) {
            // Applications that show a page themselves do not call themselves Safari.
            (None, Os::Ios | Os::Macos) => Browser::InApp,
            // What came with Android before Chrome.
            (Some(Browser::Safari), Os::Android) | (None, _) => Browser::Other,
            (Some(browser), _) => browser,
        }
    }

    /// An iPad says that it is a Macintosh, but no Macintosh says `Mobile`.
    const fn is_ipad(&self) -> bool {
        self.is_mobile
    }
}

/// Whoever pretends to be another has the higher rank.
const fn rank(browser: Browser) -> u8 {
    match browser {
        Browser::Safari => 0,
        Browser::Chrome => 1,
        Browser::Ie => 2,
        Browser::Firefox => 3,
        Browser::Other => 4,
        Browser::Samsung => 5,
        Browser::Opera => 6,
        Browser::Edge => 7,
        Browser::InApp => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Person;

    #[test]
    fn agents_are_told_apart() {
        let check = |agent: &str, device: &str, os: &str, browser: &str| {
            let person = Person::of(agent).unwrap_or_else(|| panic!("{agent}"));
            let device_found = person.device.map_or("", Device::as_str);
            assert_eq!((device_found, person.os.as_str(), person.browser.as_str()), (device, os, browser), "{agent}");
        };
        for (system, device, os) in [
            ("Windows NT 10.0; Win64; x64", "desktop", "windows"),
            ("Macintosh; Intel Mac OS X 10_15_7", "desktop", "macos"),
            ("X11; Linux x86_64", "desktop", "linux"),
            ("X11; CrOS x86_64 14541.0.0", "desktop", "chromeos"),
            ("X11; FreeBSD amd64", "", "other"),
            ("Linux; Android 10; K", "tablet", "android"),
            ("Linux; Android 9; BRAVIA 4K GB", "", "android"),
            ("Web0S; Linux/SmartTV", "", "other"),
        ] {
            let chrome = format!("Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 ");
            check(&format!("{chrome}Safari/537.36"), device, os, "chrome");
            check(&format!("{chrome}Safari/537.36 Edg/142.0.0.0"), device, os, "edge");
            check(&format!("{chrome}Safari/537.36 OPR/120.0.0.0"), device, os, "opera");
            check(&format!("{chrome}YaBrowser/25.8 Safari/537.36"), device, os, "other");
            check(&format!("{chrome}Electron/38.1 Safari/537.36"), device, os, "in-app");
        }
        let android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)";
        check(&format!("{android} Chrome/142.0.0.0 Mobile Safari/537.36"), "mobile", "android", "chrome");
        check(
            &format!("{android} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36"),
            "mobile",
            "android",
            "samsung",
        );
        check(&format!("{android} Version/4.0 Mobile Safari/534.30"), "mobile", "android", "other");
        check(
            &format!("{android} Version/4.0 Chrome/142.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/535.0;]"),
            "mobile",
            "android",
            "in-app",
        );
        for (device, kind) in [("iPhone; CPU iPhone OS 18_6", "mobile"), ("iPad; CPU OS 18_6", "tablet")] {
            let webkit = format!("Mozilla/5.0 ({device} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)");
            check(&format!("{webkit} Version/18.6 Mobile/15E148 Safari/604.1"), kind, "ios", "safari");
            check(&format!("{webkit} CriOS/142.0 Mobile/15E148 Safari/604.1"), kind, "ios", "chrome");
            check(&format!("{webkit} FxiOS/143.0 Mobile/15E148 Safari/605.1.15"), kind, "ios", "firefox");
            check(&format!("{webkit} Version/18.0 EdgiOS/142.0 Mobile/15E148 Safari/605.1.15"), kind, "ios", "edge");
            check(&format!("{webkit} GSA/393.0 Mobile/15E148 Safari/604.1"), kind, "ios", "in-app");
            check(&format!("{webkit} Mobile/15E148 Instagram 405.0 (iPhone16,2)"), kind, "ios", "in-app");
            check(&format!("{webkit} Mobile/15E148"), kind, "ios", "in-app");
        }
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        check(&format!("{mac} Version/18.6 Safari/605.1.15"), "desktop", "macos", "safari");
        check(&format!("{mac} Mobile/15E148"), "tablet", "ios", "in-app");
        let firefox = "rv:143.0) Gecko/143.0 Firefox/143.0";
        check(&format!("Mozilla/5.0 (Android 14; Mobile; {firefox}"), "mobile", "android", "firefox");
        check(&format!("Mozilla/5.0 (Android 14; Tablet; {firefox}"), "tablet", "android", "firefox");
        check(&format!("Mozilla/5.0 (Mobile; Nokia 2720; {firefox} KAIOS/2.5"), "mobile", "other", "firefox");
        check("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "desktop", "windows", "ie");
        let tablet_pc = "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0; Tablet PC 2.0)";
        check(tablet_pc, "desktop", "windows", "ie");
        let phone = "Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0)";
        check(phone, "mobile", "windows", "ie");
        check("Opera/9.80 (J2ME/MIDP; Opera Mini/9.80; U; en) Presto/2.5.25 Version/10.54", "mobile", "other", "opera");
    }
}
