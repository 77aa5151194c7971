//! Expression strings.
