//! Texts that are reduced while they are read, so that nothing of them is left.

use std::{fmt, marker::PhantomData};

use serde::de::{IgnoredAny, SeqAccess, Visitor};

/// A value that is made of a text.
pub(crate) trait Reduced: Default {
    fn of(text: &str) -> Self;
}

/// Reduces a JSON string; other types become the default.
pub(super) struct Through<T>(PhantomData<T>);

impl<T> Through<T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Reduced> Visitor<'de> for Through<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::of(text))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<T, A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
}

/// How types that are [`Reduced`] are read, by the scanner and by serde.
macro_rules! read_through {
    ($($type:ty),*) => {$(
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($crate::event::through::Through::<Self>::new())
            }
        }

        impl $crate::event::scan::Scan for $type {
            fn scan(scanner: &mut $crate::event::scan::Scanner<'_>) -> Option<Self> {
                scanner.string().map(<Self as $crate::event::through::Reduced>::of)
            }
        }
    )*};
}
pub(super) use read_through;
