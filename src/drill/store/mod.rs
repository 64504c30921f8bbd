//! Objects as JSON values by resource, with revisions and a log for watches.
