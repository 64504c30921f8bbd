//! Conditions and texts in CEL over what is known.
