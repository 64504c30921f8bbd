//! Builders of small worlds for tests of detectors.
