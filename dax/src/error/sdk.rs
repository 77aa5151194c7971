//! Conversion into the SDK's modelled errors.
